package io.trale.reactive.testing;

import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The real kernel; tracks mappings.
public final class MappedKernel {

    private final Libc real = new Libc();
    private final Map<Long, Long> mapped = new ConcurrentHashMap<>();
    private volatile int failingRegister = -1;

    /// The kernel to pass to an executor.
    public Kernel kernel() {
        return (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("ioUringRegister") && arguments[1].equals(failingRegister)) {
                        return -12; // ENOMEM
                    }
                    try {
                        Object result = method.invoke(real, arguments);
                        switch (method.getName()) {
                            case "mmap" -> mapped.put((Long) result, (Long) arguments[0]);
                            case "munmap" -> mapped.remove((Long) arguments[0]);
                            default -> { }
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /// From now on, `io_uring_register(2)` with `opcode` fails; -1 for none.
    public void failRegister(int opcode) {
        failingRegister = opcode;
    }

    /// The number of mapped bytes.
    public long mappedBytes() {
        return mapped.values().stream().mapToLong(Long::longValue).sum();
    }
}

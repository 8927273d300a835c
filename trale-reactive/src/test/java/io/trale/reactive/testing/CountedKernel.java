package io.trale.reactive.testing;

import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.reactive.loop.Loop;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicLong;

/// The real kernel, with every system call counted.
public final class CountedKernel {

    /// System calls.
    ///
    /// @param enters of `io_uring_enter(2)`, on loops
    /// @param others of any other kind, on loops
    /// @param elsewhere of any kind, on other threads
    public record Calls(long enters, long others, long elsewhere) {

        /// Those that came after `before`.
        public Calls since(Calls before) {
            return new Calls(enters - before.enters, others - before.others, elsewhere - before.elsewhere);
        }
    }

    private final Libc real = new Libc();
    private final AtomicLong enters = new AtomicLong();
    private final AtomicLong others = new AtomicLong();
    private final AtomicLong elsewhere = new AtomicLong();

    /// The kernel to give to an executor.
    public Kernel kernel() {
        return (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> call(method, arguments));
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "nanoTime" -> { } // which is none: vdso(7)
            case "ioUringEnter" -> enters.incrementAndGet();
            default -> (Thread.currentThread() instanceof Loop.LoopThread ? others : elsewhere).incrementAndGet();
        }
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /// Those until now.
    public Calls calls() {
        return new Calls(enters.get(), others.get(), elsewhere.get());
    }
}

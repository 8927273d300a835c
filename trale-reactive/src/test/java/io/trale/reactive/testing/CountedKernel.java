package io.trale.reactive.testing;

import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.reactive.loop.Loop;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicLong;

/// The real kernel; counts every system call.
public final class CountedKernel {

    /// Numbers of system calls.
    ///
    /// @param enters calls of `io_uring_enter(2)`, on loops
    /// @param others other calls, on loops
    /// @param elsewhere all calls on other threads
    public record Calls(long enters, long others, long elsewhere) {

        /// The calls since `before`.
        public Calls since(Calls before) {
            return new Calls(enters - before.enters, others - before.others, elsewhere - before.elsewhere);
        }
    }

    private final Libc real = new Libc();
    private final AtomicLong enters = new AtomicLong();
    private final AtomicLong others = new AtomicLong();
    private final AtomicLong elsewhere = new AtomicLong();

    /// The kernel to pass to an executor.
    public Kernel kernel() {
        return (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> call(method, arguments));
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "nanoTime" -> { } // not a system call: vdso(7)
            case "ioUringEnter" -> enters.incrementAndGet();
            default -> (Thread.currentThread() instanceof Loop.LoopThread ? others : elsewhere).incrementAndGet();
        }
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /// The calls so far.
    public Calls calls() {
        return new Calls(enters.get(), others.get(), elsewhere.get());
    }
}

package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/// A simulated kernel without faults that real threads may call, for tools that control their schedule. One monitor guards
/// the kernel; a sleeping loop waits in that monitor.
public final class SharedKernel implements InvocationHandler {

    private static final int MAX_SPINS = 10_000;

    private final Object monitor = new Object();
    private final Kernel kernel = (Kernel) Proxy.newProxyInstance(SharedKernel.class.getClassLoader(),
            new Class<?>[] {Kernel.class}, this);
    private SimKernel simulated;
    private int spins;
    private volatile boolean asleep;

    /// Opens when a loop begins to free the memory of its ring, which is nearly the last step of its close.
    public final CountDownLatch freed = new CountDownLatch(1);

    /// A kernel that rejects the number of a closed descriptor; see [SimKernel#strict].
    public SharedKernel() {}

    /// The kernel, for a loop and the threads that wake it.
    public Kernel kernel() {
        return kernel;
    }

    /// The simulated kernel. It is created by the first call, which must come from the loop thread.
    public SimKernel simulated() {
        if (simulated == null) {
            simulated = new SimKernel(1).strict();
            simulated.sleep = this::sleep;
        }
        return simulated;
    }

    /// Throws if a descriptor is open, memory is owned by the kernel, or an operation is in flight.
    public void assertQuiescent() {
        synchronized (monitor) {
            simulated.throwFailure();
            simulated.assertQuiescent();
        }
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        String name = method.getName();
        if (name.equals("spinWait") || name.equals("write8") && asleep) {
            letOthersRun();
        }
        synchronized (monitor) {
            return switch (name) {
                case "write8" -> write8((Integer) arguments[0], (Long) arguments[1]);
                case "spinWait" -> spinWait();
                case "munmap" -> {
                    freed.countDown();
                    yield call(method, arguments);
                }
                default -> call(method, arguments);
            };
        }
    }

    /// A thread can be late by any time: until all others wait, or less.
    private static void letOthersRun() {
        LockSupport.parkNanos(1_000_000);
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(simulated(), arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /// Waits until the loop sleeps. Any other thread.
    public void awaitSleep() {
        while (!asleep) {
            letOthersRun();
        }
    }

    private void sleep() {
        asleep = true;
        try {
            monitor.wait(); // no other thread waits here
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        asleep = false;
    }

    private int write8(int fd, long value) {
        SimFile file = simulated().file(fd);
        if (file == null) {
            throw simulated().failed("write8 to the closed descriptor " + fd);
        }
        int result = file instanceof SimEventfd eventfd ? eventfd.add(value) : -Errno.EINVAL;
        monitor.notifyAll();
        return result;
    }

    private Object spinWait() {
        if (++spins > MAX_SPINS) {
            throw simulated().failed("the loop spins without an end");
        }
        return null;
    }
}

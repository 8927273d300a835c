package io.trale.stress;

import io.trale.linux.Kernel;
import java.lang.reflect.Proxy;

/// A kernel with one descriptor. It counts writes before the close and writes after the close.
public final class Eventfd {

    /// The number of the descriptor.
    public static final int NUMBER = 7;

    private volatile boolean closed;
    private int writes;
    private int lateWrites;

    /// A kernel that supports only the calls of an eventfd.
    public Kernel kernel() {
        return (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "eventfd" -> NUMBER;
                    case "write8" -> write();
                    case "close" -> close();
                    case "spinWait" -> {
                        Thread.onSpinWait();
                        yield null;
                    }
                    default -> throw new AssertionError(method);
                });
    }

    private int write() {
        if (closed) {
            lateWrites++;
        } else {
            writes++;
        }
        return Long.BYTES;
    }

    /// Closes the descriptor. Returns 0, as `close(2)`.
    public int close() {
        closed = true;
        return 0;
    }

    /// The number of writes before the close. Call after the actors have ended.
    public int writes() {
        return writes;
    }

    /// The number of writes after the close.
    public int lateWrites() {
        return lateWrites;
    }
}

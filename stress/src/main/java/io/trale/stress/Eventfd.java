package io.trale.stress;

import io.trale.linux.Kernel;
import java.lang.reflect.Proxy;

/// One descriptor, and a kernel that knows of nothing else: it tells writes in time from those after the close.
public final class Eventfd {

    /// The descriptor.
    public static final int NUMBER = 7;

    private volatile boolean closed;
    private int writes;
    private int lateWrites;

    /// The kernel.
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

    /// Closes it. Returns 0, as `close(2)`.
    public int close() {
        closed = true;
        return 0;
    }

    /// How often it was written to. For the arbiter, as there is one writer.
    public int writes() {
        return writes;
    }

    /// How often something was written to it, or to whoever has the number now, after the close.
    public int lateWrites() {
        return lateWrites;
    }
}

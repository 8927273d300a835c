package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.linux.Errno;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// All rings of a kernel, the ring that the loop thread has registered, and the calls on rings.
final class SimRings {

    /// How long an `enter` takes.
    private static final long CALL_NANOS = 1000;

    private final SimKernel kernel;
    private final List<SimRing> rings = new ArrayList<>();
    private SimRing registered;

    SimRings(SimKernel kernel) {
        this.kernel = kernel;
    }

    int setUp(int entries, MemorySegment params) {
        SimRing ring = SimRing.setUp(kernel, entries, params);
        if (ring == null) {
            return -Errno.EINVAL;
        }
        rings.add(ring);
        return kernel.install(ring);
    }

    int enter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
        SimRing ring = (flags & Abi.IORING_ENTER_REGISTERED_RING) == 0 ? ring(ringFd) : ringFd == 0 ? registered : null;
        if (ring == null) {
            return -Errno.EBADF;
        }
        long deadline = Long.MAX_VALUE;
        if ((flags & Abi.IORING_ENTER_EXT_ARG) != 0) {
            if (argBytes != 24) {
                return -Errno.EINVAL;
            }
            long timespec = arg.get(JAVA_LONG, 16);
            if (timespec != 0) {
                deadline = kernel.time.now() + SimMemory.getLong(timespec) * 1_000_000_000 + SimMemory.getLong(timespec + 8);
            }
        }
        kernel.time.elapse(CALL_NANOS);
        return ring.enter(toSubmit, minComplete, (flags & Abi.IORING_ENTER_GETEVENTS) != 0, deadline);
    }

    int register(int ringFd, int opcode, MemorySegment arg) {
        SimRing ring = ring(ringFd);
        if (ring == null) {
            return -Errno.EBADF;
        }
        return switch (opcode) {
            case Abi.IORING_REGISTER_RING_FDS -> registerFd(ring, ringFd, arg);
            case Abi.IORING_UNREGISTER_RING_FDS -> unregisterFd(ring, arg);
            case Abi.IORING_REGISTER_PBUF_RING -> ring.groups.register(arg);
            case Abi.IORING_UNREGISTER_PBUF_RING -> ring.groups.unregister(arg);
            default -> -Errno.EINVAL;
        };
    }

    private SimRing ring(int fd) {
        return kernel.file(fd) instanceof SimRing ring ? ring : null;
    }

    private int registerFd(SimRing ring, int ringFd, MemorySegment arg) {
        if (!kernel.has(Capability.REGISTERED_RING) || arg.get(JAVA_INT, 0) != -1 || arg.get(JAVA_LONG, 8) != ringFd) {
            return -Errno.EINVAL;
        }
        if (registered != null) {
            return -Errno.EBUSY;
        }
        registered = ring;
        ring.hold();
        arg.set(JAVA_INT, 0, 0);
        return 1;
    }

    private int unregisterFd(SimRing ring, MemorySegment arg) {
        if (arg.get(JAVA_INT, 0) != 0 || arg.get(JAVA_INT, 4) != 0 || arg.get(JAVA_LONG, 8) != 0) {
            return -Errno.EINVAL;
        }
        if (registered == ring) {
            registered = null;
            ring.drop();
        }
        return 1;
    }

    /// Runs the work of rings that do not need an enter for it.
    void interrupt() {
        for (SimRing ring : rings) {
            if (ring.mayBeInterrupted()) {
                ring.runWork(0);
            }
        }
    }

    /// Fails the run if a queue of a ring is mapped at `address`, which is being unmapped.
    void checkUnused(long address) {
        for (SimRing ring : rings) {
            if (ring.uses(address)) {
                throw kernel.failed("a ring is unmapped before its close");
            }
        }
    }

    /// The descriptor of `file` is closed.
    void closed(SimFile file) {
        if (file instanceof SimRing ring) {
            ring.close();
            if (ring.isIdle()) {
                rings.remove(ring);
            }
        } else if (kernel.isStrict()) {
            rings.forEach(ring -> ring.checkIdle(file));
        }
    }

    void assertIdle() {
        for (SimRing ring : rings) {
            if (!ring.isIdle()) {
                throw kernel.failed(ring.toString());
            }
        }
    }
}

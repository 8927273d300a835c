package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/// One io_uring instance: its descriptor, its two queues in memory shared with the kernel, and `enter`.
///
/// Belongs to the thread that opened it. With `IORING_SETUP_SINGLE_ISSUER` the kernel rejects calls of other threads.
public final class Ring {

    private static final int BASE = Abi.IORING_SETUP_CQSIZE | Abi.IORING_SETUP_CLAMP;
    private static final int DEFER = Abi.IORING_SETUP_SINGLE_ISSUER | Abi.IORING_SETUP_DEFER_TASKRUN
            | Abi.IORING_SETUP_TASKRUN_FLAG | Abi.IORING_SETUP_SUBMIT_ALL;
    private static final int COOP = Abi.IORING_SETUP_COOP_TASKRUN | Abi.IORING_SETUP_TASKRUN_FLAG
            | Abi.IORING_SETUP_SUBMIT_ALL;

    /// Sets of setup flags to try, best first. `EINVAL` means that the kernel is too old for one of the flags.
    private static final int[] SETUP_FLAGS = {
        BASE | DEFER | Abi.IORING_SETUP_NO_SQARRAY,          // 6.6
        BASE | DEFER,                                        // 6.1
        BASE | COOP | Abi.IORING_SETUP_SINGLE_ISSUER,        // 6.0
        BASE | COOP,                                         // 5.19
        BASE,
    };

    private final Kernel kernel;
    private final int fd;
    private final int setupFlags;
    private final MemorySegment registration;

    /// `struct io_uring_getevents_arg` (signal mask, its size, padding, address of the timeout), then the timeout.
    private final MemorySegment timedWait;

    /// The first argument of `enter`: an index registered for this thread, which saves a descriptor look-up, or `fd`.
    private final int enterFd;
    private final int enterFlags;

    /// The queue of entries to submit.
    public final SubmissionQueue submissions;

    /// The queue of completions.
    public final CompletionQueue completions;

    /// Opens a ring with `sqEntries` submission entries and `cqEntries` completion entries (powers of two). The mappings are
    /// freed when `arena` closes; close `arena` after [#close]. Throws with the cause and the remedy in the message if the
    /// kernel has no usable io_uring.
    public static Ring open(Kernel kernel, Arena arena, int sqEntries, int cqEntries) throws ErrnoException {
        MemorySegment params = arena.allocate(Abi.PARAMS_BYTES, 8);
        int fd = -Errno.EINVAL;
        for (int i = 0; i < SETUP_FLAGS.length && fd == -Errno.EINVAL; i++) {
            params.fill((byte) 0);
            params.set(JAVA_INT, Abi.PARAMS_FLAGS, SETUP_FLAGS[i]);
            params.set(JAVA_INT, Abi.PARAMS_CQ_ENTRIES, cqEntries);
            fd = kernel.ioUringSetup(sqEntries, params);
        }
        if (fd < 0) {
            throw SetupFailure.explain(-fd);
        }
        int needed = Abi.IORING_FEAT_SINGLE_MMAP | Abi.IORING_FEAT_NODROP | Abi.IORING_FEAT_SUBMIT_STABLE
                | Abi.IORING_FEAT_EXT_ARG; // all since 5.11
        if ((params.get(JAVA_INT, Abi.PARAMS_FEATURES) & needed) != needed) {
            kernel.close(fd);
            throw SetupFailure.explain(Errno.ENOSYS);
        }
        try {
            return new Ring(kernel, arena, fd, params);
        } catch (OutOfMemoryError e) {
            kernel.close(fd);
            throw SetupFailure.explain(Errno.ENOMEM);
        }
    }

    private Ring(Kernel kernel, Arena arena, int fd, MemorySegment params) {
        this.kernel = kernel;
        this.fd = fd;
        setupFlags = params.get(JAVA_INT, Abi.PARAMS_FLAGS);
        long sqEntries = params.get(JAVA_INT, Abi.PARAMS_SQ_ENTRIES);
        long cqEntries = params.get(JAVA_INT, Abi.PARAMS_CQ_ENTRIES);
        long sqBytes = params.get(JAVA_INT, Abi.PARAMS_SQ_ARRAY) + 4 * sqEntries;
        long cqBytes = params.get(JAVA_INT, Abi.PARAMS_CQES) + Abi.CQE_BYTES * cqEntries;
        MemorySegment rings = Memory.ring(kernel, arena, Math.max(sqBytes, cqBytes), fd, Abi.IORING_OFF_SQ_RING);
        MemorySegment sqes = Memory.ring(kernel, arena, Abi.SQE_BYTES * sqEntries, fd, Abi.IORING_OFF_SQES);
        submissions = new SubmissionQueue(rings, sqes, params);
        completions = new CompletionQueue(rings, params);

        timedWait = arena.allocate(40, 8);
        timedWait.set(JAVA_LONG, 16, timedWait.address() + 24);

        registration = arena.allocate(Abi.RSRC_UPDATE_BYTES, 8); // struct io_uring_rsrc_update: offset, resv, data
        registration.set(JAVA_INT, 0, -1);                        // any free index
        registration.set(JAVA_LONG, 8, fd);
        boolean registered = kernel.ioUringRegister(fd, Abi.IORING_REGISTER_RING_FDS, registration, 1) == 1;
        enterFd = registered ? registration.get(JAVA_INT, 0) : fd;
        enterFlags = registered ? Abi.IORING_ENTER_REGISTERED_RING : 0;
    }

    /// Submits all filled-in entries and waits for at least `minComplete` completions, in one system call. Waits at most
    /// `timeoutNanos`; `Long.MAX_VALUE` means no limit.
    ///
    /// Returns the number of entries submitted, or `-errno`. `EINTR`, `EAGAIN`, `EBUSY` and `ETIME` are normal; entries that
    /// were not submitted stay in the queue for the next call.
    public int enter(int minComplete, long timeoutNanos) {
        int toSubmit = submissions.publish();
        if (minComplete > 0 && timeoutNanos != Long.MAX_VALUE) {
            timedWait.set(JAVA_LONG, 24, timeoutNanos / 1_000_000_000);
            timedWait.set(JAVA_LONG, 32, timeoutNanos % 1_000_000_000);
            return kernel.ioUringEnter(enterFd, toSubmit, minComplete,
                    enterFlags | Abi.IORING_ENTER_GETEVENTS | Abi.IORING_ENTER_EXT_ARG, timedWait, 24);
        }
        return kernel.ioUringEnter(enterFd, toSubmit, minComplete, enterFlags | Abi.IORING_ENTER_GETEVENTS,
                MemorySegment.NULL, 0);
    }

    /// The operations that trale uses and this kernel does not have: `IORING_REGISTER_PROBE` of `io_uring_register(2)`. Throws if
    /// the probe fails.
    public List<Opcode> missingOperations() throws ErrnoException {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment probe = call.allocate(Abi.PROBE_BYTES + Abi.PROBE_MAX_OPS * Abi.PROBE_OP_BYTES, 8);
            int result = kernel.ioUringRegister(fd, Abi.IORING_REGISTER_PROBE, probe, Abi.PROBE_MAX_OPS);
            if (result < 0) {
                throw new ErrnoException("io_uring_register: " + Errno.describe(-result), -result);
            }
            return Arrays.stream(Opcode.values()).filter(operation -> !isSupported(operation, probe)).toList();
        }
    }

    private static boolean isSupported(Opcode operation, MemorySegment probe) {
        long at = Abi.PROBE_BYTES + (long) operation.number() * Abi.PROBE_OP_BYTES;
        return (probe.get(JAVA_SHORT, at + Abi.PROBE_OP_FLAGS) & Abi.IO_URING_OP_SUPPORTED) != 0;
    }

    /// The ring's descriptor, for `io_uring_register(2)`.
    int fd() {
        return fd;
    }

    /// The `IORING_SETUP_*` flags that this kernel accepted.
    public int setupFlags() {
        return setupFlags;
    }

    /// True if `enter` uses a registered index, which saves a descriptor look-up.
    public boolean isRegistered() {
        return enterFlags != 0;
    }

    /// Closes the descriptor. **This does not stop operations in flight**: the kernel still writes to their memory. Call
    /// only when no operation is in flight, and before the arena is closed.
    public void close() {
        if (isRegistered()) { // a registered index keeps the ring open until the thread ends
            registration.set(JAVA_INT, 0, enterFd);
            registration.set(JAVA_LONG, 8, 0); // must be zero here: EINVAL otherwise
            kernel.ioUringRegister(fd, Abi.IORING_UNREGISTER_RING_FDS, registration, 1);
        }
        kernel.close(fd);
    }
}

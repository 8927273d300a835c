package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// One io_uring instance: its descriptor, its two queues in memory shared with the kernel, and `enter`.
///
/// Belongs to the thread that opened it: the kernel refuses every other (`SINGLE_ISSUER`).
public final class Ring {

    private static final int BASE = Abi.IORING_SETUP_CQSIZE | Abi.IORING_SETUP_CLAMP;
    private static final int DEFER = Abi.IORING_SETUP_SINGLE_ISSUER | Abi.IORING_SETUP_DEFER_TASKRUN
            | Abi.IORING_SETUP_TASKRUN_FLAG | Abi.IORING_SETUP_SUBMIT_ALL;
    private static final int COOP = Abi.IORING_SETUP_COOP_TASKRUN | Abi.IORING_SETUP_TASKRUN_FLAG
            | Abi.IORING_SETUP_SUBMIT_ALL;

    /// What to ask for, best first; `EINVAL` means that this kernel is too old for one of the flags.
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

    /// `struct io_uring_getevents_arg` (signal mask, its size, padding, address of the time) and the time it points at.
    private final MemorySegment timedWait;

    /// What `enter` names the ring by: an index registered for this thread, which saves a look-up, or `fd`.
    private final int enterFd;
    private final int enterFlags;

    /// What goes to the kernel.
    public final SubmissionQueue submissions;

    /// What has come from it.
    public final CompletionQueue completions;

    /// Opens a ring with room for `sqEntries` submissions a turn and `cqEntries` completions (powers of two). Its
    /// mappings are freed when `arena` closes, which must be after [#close].
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

    /// Submits what was filled in and sleeps until at least `minComplete` completions are there, or for `timeoutNanos`
    /// (`Long.MAX_VALUE`: as long as it takes), in one system call.
    /// Returns how many entries were submitted, or `-errno`, of which `EINTR`, `EAGAIN`, `EBUSY` and `ETIME` are
    /// ordinary: whatever was not submitted stays for the next call.
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

    /// The ring's descriptor, for `io_uring_register(2)`.
    int fd() {
        return fd;
    }

    /// The `IORING_SETUP_*` flags that this kernel accepted.
    public int setupFlags() {
        return setupFlags;
    }

    /// True if `enter` names the ring by an index, which saves a look-up, and not by its descriptor.
    public boolean isRegistered() {
        return enterFlags != 0;
    }

    /// Closes the descriptor. **This does not stop operations in flight**, which go on writing to their memory: see to
    /// it before that there are none, and let the arena close after.
    public void close() {
        if (isRegistered()) { // or the thread would hold the ring until it ends
            registration.set(JAVA_INT, 0, enterFd);
            registration.set(JAVA_LONG, 8, 0); // must be zero here: EINVAL otherwise
            kernel.ioUringRegister(fd, Abi.IORING_UNREGISTER_RING_FDS, registration, 1);
        }
        kernel.close(fd);
    }
}

package io.trale.sim;

import io.trale.uring.Abi;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// A feature that an older kernel does not have.
public enum Capability {
    /// `IORING_SETUP_NO_SQARRAY`, since Linux 6.6.
    NO_SQARRAY(Abi.IORING_SETUP_NO_SQARRAY),
    /// `IORING_SETUP_DEFER_TASKRUN`, since Linux 6.1.
    DEFER_TASKRUN(Abi.IORING_SETUP_DEFER_TASKRUN),
    /// `IORING_SETUP_SINGLE_ISSUER`, since Linux 6.0.
    SINGLE_ISSUER(Abi.IORING_SETUP_SINGLE_ISSUER),
    /// `IORING_SETUP_COOP_TASKRUN`, and with it `TASKRUN_FLAG`, since Linux 5.19.
    COOP_TASKRUN(Abi.IORING_SETUP_COOP_TASKRUN | Abi.IORING_SETUP_TASKRUN_FLAG),
    /// `IORING_REGISTER_PBUF_RING`, since Linux 5.19.
    BUFFER_RINGS(0),
    /// `IORING_REGISTER_RING_FDS`, since Linux 5.18.
    REGISTERED_RING(0),
    /// A multishot poll that posts a completion for each event. Without this, it posts only the first.
    MULTISHOT_POLL(0),
    /// A read of a non-blocking timerfd (since Linux 6.10) or eventfd that waits. Without this, it fails with `EAGAIN`.
    PATIENT_COUNTERS(0);

    private final int setupFlags;

    Capability(int setupFlags) {
        this.setupFlags = setupFlags;
    }

    /// The flags of `io_uring_setup(2)` that a kernel without `lacking` does not know.
    static int unknownSetupFlags(Set<Capability> lacking) {
        return lacking.stream().mapToInt(capability -> capability.setupFlags).reduce(0, (a, b) -> a | b);
    }

    /// Sets of missing capabilities: the empty set, each capability alone, and all of them.
    public static List<Set<Capability>> masks() {
        List<Set<Capability>> masks = new ArrayList<>();
        masks.add(EnumSet.noneOf(Capability.class));
        for (Capability capability : values()) {
            masks.add(EnumSet.of(capability));
        }
        masks.add(EnumSet.allOf(Capability.class));
        return masks;
    }
}

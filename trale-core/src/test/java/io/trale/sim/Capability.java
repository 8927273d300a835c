package io.trale.sim;

/// What a kernel may lack.
public enum Capability {
    /// `IORING_SETUP_NO_SQARRAY`, since Linux 6.6.
    NO_SQARRAY,
    /// `IORING_SETUP_DEFER_TASKRUN`, since Linux 6.1.
    DEFER_TASKRUN,
    /// `IORING_SETUP_SINGLE_ISSUER`, since Linux 6.0.
    SINGLE_ISSUER,
    /// `IORING_SETUP_COOP_TASKRUN`, and with it `TASKRUN_FLAG`, since Linux 5.19.
    COOP_TASKRUN,
    /// `IORING_REGISTER_PBUF_RING`, since Linux 5.19.
    BUFFER_RINGS,
    /// `IORING_REGISTER_RING_FDS`, since Linux 5.18.
    REGISTERED_RING,
    /// A multishot poll that posts a completion for each event. Without it there is a first one, and no other.
    MULTISHOT_POLL,
    /// A read of a non-blocking eventfd or timerfd that waits. Without it such a read answers `EAGAIN`, as between Linux
    /// 5.8 and 6.10.
    PATIENT_READ
}

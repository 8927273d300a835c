package io.trale.sim;

/// Something that the real kernel may do, and that the simulated kernel does as often as [Faults] says.
public enum Fault {

    /// An event is delayed, and so may change places with others: a completion, readiness, a segment on the wire.
    LATE(0.3, true),
    /// Of the operations that became ready since the last enter, the last completes first. Linux 6.1 always does so on a ring
    /// with DEFER_TASKRUN.
    LAST_FIRST(0.3, true),
    /// `enter` submits only some of the entries in the submission queue.
    PARTIAL_SUBMISSION(0.2, true),
    /// A receive, read, send or write transfers fewer bytes than possible.
    SHORT_TRANSFER(0.3, true),
    /// `enter` fails with EINTR.
    INTERRUPTION(0.1, true),
    /// `enter` fails with EAGAIN or ENOMEM.
    SHORTAGE(0.05, true),
    /// `enter` fails with EBUSY while completions are in the overflow list.
    BUSY(0.2, true),
    /// A cancel comes too late if the operation can complete.
    LOST_CANCEL(0.5, true),
    /// A receive fails with ENOBUFS although its group has buffers.
    NO_BUFFERS(0.05, true),
    /// A multishot operation ends without a failure.
    ENDED_MULTISHOT(0.1, true),
    /// The kernel writes random bytes to memory that it owns.
    SCRIBBLE(0.3, true),
    /// A transfer, an open or a sync fails with EINTR before it did anything.
    HICCUP(0.02, false),
    /// An operation fails for want of a descriptor or memory. A connection that is not accepted stays in the backlog.
    EXHAUSTION(0.1, false),
    /// A transfer, a connect or an accept fails because the connection is broken.
    BREAKAGE(0.01, false),
    /// A datagram is lost.
    LOSS(0.1, false),
    /// A datagram is duplicated.
    DUPLICATION(0.1, false),
    /// A file operation fails with EIO.
    DISK_FAILURE(0.01, false),
    /// A file operation fails with ENOSPC; a write may transfer a part first.
    DISK_FULL(0.02, false);

    /// The usual probability where faults are enabled.
    final double usual;

    /// True if it loses no data and fails no operation.
    final boolean harmless;

    Fault(double usual, boolean harmless) {
        this.usual = usual;
        this.harmless = harmless;
    }
}

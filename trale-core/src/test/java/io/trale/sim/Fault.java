package io.trale.sim;

/// A freedom that the real kernel has, and that the simulated one makes use of as often as [Faults] say.
public enum Fault {

    /// Something happens later than it could: a completion, a readiness, a segment on the wire; thereby also in another
    /// order.
    LATE(0.3, true),
    /// Of the operations that became ready since the last enter, the last completes first. Linux 6.1 always does so on a ring
    /// with DEFER_TASKRUN.
    LAST_FIRST(0.3, true),
    /// `enter` takes a part of what is in the submission queue.
    PARTIAL_SUBMISSION(0.2, true),
    /// A receive, read, send or write does less than it could.
    SHORT_TRANSFER(0.3, true),
    /// `enter` ends with EINTR.
    INTERRUPTION(0.1, true),
    /// `enter` ends with EAGAIN or ENOMEM.
    SHORTAGE(0.05, true),
    /// `enter` ends with EBUSY when there are completions that found no room.
    BUSY(0.2, true),
    /// A cancel comes too late, if there was anything to complete.
    LOST_CANCEL(0.5, true),
    /// A receive finds the buffer group empty although it is not.
    NO_BUFFERS(0.05, true),
    /// A multishot operation ends although nothing is wrong.
    ENDED_MULTISHOT(0.1, true),
    /// The kernel writes to memory that is the kernel's at the moment.
    SCRIBBLE(0.3, true),
    /// A transfer, or what opens or syncs a file, ends with EINTR, having done nothing.
    HICCUP(0.02, false),
    /// What needs a descriptor or memory finds none. A connection that is not accepted stays in the backlog.
    EXHAUSTION(0.1, false),
    /// A transfer, a connect or an accept finds that the connection is broken.
    BREAKAGE(0.01, false),
    /// A datagram never arrives.
    LOSS(0.1, false),
    /// A datagram arrives twice.
    DUPLICATION(0.1, false),
    /// A file operation ends with EIO.
    DISK_FAILURE(0.01, false),
    /// A file operation ends with ENOSPC, a write perhaps after a part.
    DISK_FULL(0.02, false);

    /// How often it happens where faults are wanted, from 0 (never) to 1.
    final double usual;

    /// True if it loses nothing and fails nothing.
    final boolean harmless;

    Fault(double usual, boolean harmless) {
        this.usual = usual;
        this.harmless = harmless;
    }
}

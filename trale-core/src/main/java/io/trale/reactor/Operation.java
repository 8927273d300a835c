package io.trale.reactor;

import io.trale.uring.Sqe;

/// An operation of io_uring, reusable, in flight at most once at a time. It owns all memory that its entry names.
///
/// **The memory behind every address that [#fill] writes belongs to this operation, and is neither freed nor reused before
/// its last completion**: the one without `IORING_CQE_F_MORE`. A cancelled future, a cancelled subscription, a closed
/// descriptor or a closed ring change nothing about that. While the operation is SUBMITTED, the reactor refers to it from a
/// slot.
///
/// Loop thread only.
public abstract class Operation {

    /// `IDLE -> STAGED -> SUBMITTED -> IDLE`, or `STAGED -> IDLE` if withdrawn. Each transition is checked, also in production.
    private enum State {
        /// Not in flight; may be staged.
        IDLE,
        /// Waits in a queue for the next enter. The kernel does not know of it.
        STAGED,
        /// In the kernel, until the last completion. A cancel is only a request: the completion may bring data all the same.
        SUBMITTED,
        /// The ring was closed before the last completion, so that none follows. The operation and its memory belong to the
        /// kernel for good.
        LEFT
    }

    private final Descriptor descriptor;
    private State state = State.IDLE;

    /// Set by [Reactor#cancel], until the operation is staged again: a second cancel has no effect.
    boolean cancelling;

    /// While SUBMITTED: generation << 32 | slot index.
    long userData;

    /// While STAGED: the queue, and the neighbours in it. While SUBMITTED: the same, if the cancel of this is staged.
    StagingQueue line;
    Operation previousInLine;
    Operation nextInLine;

    /// The neighbours in the list of operations on the same descriptor.
    Operation previousOfDescriptor;
    Operation nextOfDescriptor;

    /// One of the reactor's own: not counted as in flight, and not cancelled by [Reactor#cancelAll].
    private final boolean internal;

    /// An operation on `descriptor`, whose number stays open while this is in flight.
    protected Operation(Descriptor descriptor) {
        this(descriptor, false);
    }

    Operation(Descriptor descriptor, boolean internal) {
        this.descriptor = descriptor;
        this.internal = internal;
    }

    final boolean isInternal() {
        return internal;
    }

    /// False for an operation that the close of the ring must neither cancel nor refuse, but wait for.
    boolean endsWithRing() {
        return !internal;
    }

    /// Prepares the entry, by exactly one method of `sqe`. Called once each time this was staged, right before the enter that
    /// submits it. Must not stage, cancel or call user code.
    protected abstract void fill(Sqe sqe);

    /// Handles a completion: `result` is `>= 0` or `-errno`, `flags` are `IORING_CQE_F_*`. Without `F_MORE` it is the last one,
    /// and the operation is IDLE already, so that it may be staged from here. May run user code; must not throw.
    protected abstract void complete(int result, int flags);

    /// Called if the ring was closed while this was SUBMITTED, in place of [#complete]: the memory must never be used again. The
    /// descriptor is closed. Must not throw.
    protected void leftToKernel() {}

    /// True from staging to the last completion.
    public final boolean inFlight() {
        return state == State.STAGED || state == State.SUBMITTED;
    }

    /// True if this and its memory belong to the kernel for good.
    protected final boolean isLeft() {
        return state == State.LEFT;
    }

    /// True while the kernel knows of this operation.
    final boolean submitted() {
        return state == State.SUBMITTED;
    }

    /// The descriptor that this operates on.
    public final Descriptor descriptor() {
        return descriptor;
    }

    final void staged() {
        check(state == State.IDLE);
        state = State.STAGED;
        cancelling = false;
        descriptor.add(this);
    }

    final void submitted(long userData) {
        check(state == State.STAGED);
        state = State.SUBMITTED;
        this.userData = userData;
    }

    final void ended() {
        check(inFlight());
        state = State.IDLE;
        descriptor.remove(this);
    }

    final void leaveToKernel() {
        check(state == State.SUBMITTED);
        state = State.LEFT;
        descriptor.remove(this);
    }

    private void check(boolean allowed) {
        if (!allowed) {
            throw new IllegalStateException(this + " is " + state);
        }
    }
}

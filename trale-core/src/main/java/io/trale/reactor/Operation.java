package io.trale.reactor;

import io.trale.uring.Sqe;

/// One operation of the kernel, at most once in flight at a time, and the owner of all memory it names.
///
/// **The memory behind every address that [#fill] writes belongs to this operation, and is neither freed nor reused
/// before its last completion**: the one without `IORING_CQE_F_MORE`. Not when a future is cancelled, not when a
/// subscriber goes, not when the descriptor or the ring is closed. While it is in flight the reactor holds it in a slot.
///
/// An operation goes through `IDLE -> STAGED -> SUBMITTED -> IDLE`. Staging makes no system call; just before the next
/// enter the reactor asks for the entry, once. [Reactor#cancel] only asks: what counts is the completion, which may as well
/// bring data. If the ring is closed while the operation is SUBMITTED, no completion follows: it is LEFT to the kernel with
/// all its memory, for good. Each step is checked, always. All methods are for the loop thread.
public abstract class Operation {

    private enum State { IDLE, STAGED, SUBMITTED, LEFT }

    private final Descriptor descriptor;
    private State state = State.IDLE;

    /// Set by [Reactor#cancel] until the completion: the entry that asks for the end is staged, or need not be.
    boolean cancelling;

    /// While SUBMITTED: generation << 32 | slot, as the kernel knows us.
    long userData;

    /// While it stands in line for the next enter: where, and between whom.
    StagingQueue line;
    Operation previousInLine;
    Operation nextInLine;

    /// The neighbours in the list of operations on the same descriptor.
    Operation previousOfDescriptor;
    Operation nextOfDescriptor;

    /// The reactor's own: not counted as work in flight, nor ended with it.
    private final boolean internal;

    /// An operation on `descriptor`, which is not closed while this is in flight.
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

    /// False for an operation that the close of the ring waits for, in place of cancelling or refusing it.
    boolean endsWithRing() {
        return !internal;
    }

    /// Prepares the entry, by exactly one method of `sqe`. Called once for each time this was staged, right before the
    /// enter that submits it. Must not stage, cancel or call foreign code.
    protected abstract void fill(Sqe sqe);

    /// Takes a completion: `result` is `>= 0` or `-errno`, `flags` are `IORING_CQE_F_*`. Unless they say `F_MORE` this
    /// was the last one and the operation is idle again already, free to be staged from here. May run user code; must
    /// not throw.
    protected abstract void complete(int result, int flags);

    /// Called when the ring was closed in mid-flight: [#complete] will not be, and the memory must never be used again. The
    /// descriptor is closed. Must not throw.
    protected void leftToKernel() {}

    /// True from staging to the last completion.
    public final boolean inFlight() {
        return state == State.STAGED || state == State.SUBMITTED;
    }

    /// True if this and its memory are the kernel's for good.
    protected final boolean isLeft() {
        return state == State.LEFT;
    }

    /// True once the kernel knows of this operation.
    final boolean submitted() {
        return state == State.SUBMITTED;
    }

    /// What this operates on.
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

package io.trale.leaf;

import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;

/// The operation behind a leaf future: submitted exactly once, however often the future is polled; keeps its result
/// and wakes.
///
/// The owner may give it up and use it again, as a stream does with its one receive. An operation that was given up
/// while in flight is an *orphan*: its completion goes to [#dispose], and only then the next use is submitted. So
/// nothing that the kernel gave to the orphan is lost, and nothing overtakes it.
public abstract class ReactorIo extends Operation {

    private static final Waker NOBODY = () -> {};

    private enum Use { NEW, SUBMITTED, FINISHED }

    private Use use = Use.NEW;
    private boolean orphan;
    private int result;
    private Waker waker = NOBODY;

    /// An operation on `descriptor`.
    protected ReactorIo(Descriptor descriptor) {
        super(descriptor);
    }

    /// Submits the operation if this is the first call of this use. Returns true once [#ioResult] is there; until then
    /// `waker`, in place of the one before, is woken when it is. Throws as [Descriptor#checkThread].
    protected final boolean submitOrGetResult(Waker waker) {
        descriptor().checkThread();
        if (use == Use.FINISHED) {
            return true;
        }
        descriptor().reactor().checkThread();
        this.waker = waker;
        if (use == Use.NEW && !inFlight()) {
            if (!descriptor().isOpen()) {
                finish(-Errno.ECANCELED);
                return true;
            }
            if (mayBegin()) {
                staging();
                use = Use.SUBMITTED;
                descriptor().reactor().stage(this);
            }
        }
        return false;
    }

    /// True when there is a result that was not taken yet.
    protected final boolean finished() {
        return use == Use.FINISHED;
    }

    /// Has the owner poll again, for another reason than a result.
    protected final void wake() {
        waker.wake();
    }

    /// What the kernel answered: `>= 0`, or `-errno`.
    protected final int ioResult() {
        check(use == Use.FINISHED);
        return result;
    }

    /// Gives this use up. The kernel is asked to stop; what it still brings, or has brought already, goes to [#dispose].
    protected final void abandon() {
        descriptor().checkThread();
        Use before = use;
        use = Use.NEW;
        waker = NOBODY;
        if (before == Use.SUBMITTED) {
            orphan = true;
            descriptor().reactor().cancel(this);
        } else if (before == Use.FINISHED) {
            dispose(result);
        }
    }

    /// Makes ready for the next use, after the result was taken.
    protected final void reset() {
        check(use == Use.FINISHED);
        use = Use.NEW;
        waker = NOBODY;
    }

    private void check(boolean allowed) {
        if (!allowed) {
            throw new IllegalStateException(this + " is " + use);
        }
    }

    /// False if this use is not to be submitted yet; whoever says so calls [#wake] when it may.
    protected boolean mayBegin() {
        return true;
    }

    /// Takes what this use lends to the kernel. May throw, to whoever polled: then nothing is staged.
    protected void staging() {}

    /// Takes care of a result that nobody will ask for: bytes are kept for the next use, descriptors closed. Called on the
    /// loop, after [#released].
    protected void dispose(int result) {}

    /// The operation ended with `result`, for an orphan too: the kernel no longer uses the memory that [#fill] named, if
    /// it was asked to fill at all. Called before anyone learns of the result.
    protected void released(int result) {}

    /// True if the operation, which ended with `result`, is to be submitted once more before anyone learns of it: when it
    /// was interrupted with nothing done. Not asked for one that was given up.
    protected boolean again(int result) {
        return result == -Errno.EINTR;
    }

    @Override
    protected final void complete(int result, int flags) {
        boolean givenUp = orphan;
        orphan = false;
        try {
            released(result);
            if (givenUp) {
                dispose(result);
            }
        } finally { // whatever these throw, the owner's wait ends
            if (givenUp) {
                waker.wake(); // the next use waits for this
            } else {
                proceed(result);
            }
        }
    }

    private void proceed(int result) {
        if (!again(result)) {
            finish(result);
            waker.wake();
        } else if (descriptor().isOpen()) {
            descriptor().reactor().stage(this);
        } else {
            finish(-Errno.ECANCELED); // by the close, or it would have been asked again
            waker.wake();
        }
    }

    @Override
    protected final void leftToKernel() {
        orphan = false;
        if (use == Use.SUBMITTED) {
            finish(-Errno.ECANCELED);
        }
        waker.wake(); // what waits for the orphan finds the descriptor closed
    }

    private void finish(int result) {
        this.result = result;
        use = Use.FINISHED;
    }
}

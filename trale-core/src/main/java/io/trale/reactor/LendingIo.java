package io.trale.reactor;

import io.trale.future.Waker;

/// An operation that transfers bytes to or from a user's buffer, used again and again: the one read, or the one write, of
/// a stream.
///
/// The buffer is lent from staging until the result is taken, or, if the use is given up, until the kernel has let go.
public abstract class LendingIo extends ReactorIo {

    private final String busy;

    /// The buffer of the present use, or null between uses.
    private LentMemory wanted;
    private LentMemory lent;
    private int count;

    /// `busy` is the complaint when a second use is begun before the first has finished.
    protected LendingIo(Descriptor descriptor, String busy) {
        super(descriptor);
        this.busy = busy;
    }

    /// Begins a use with `memory`.
    protected final void begin(LentMemory memory) {
        if (wanted != null) {
            throw new IllegalStateException(busy);
        }
        wanted = memory;
    }

    /// Makes progress; returns true when [#count] is there, and the use is over.
    protected boolean transfer(Waker waker) {
        if (submitOrGetResult(waker)) {
            int result = ioResult();
            giveBack();
            reset();
            end(result);
            return true;
        }
        return false;
    }

    /// Ends the use with `count`.
    protected final void end(int count) {
        this.count = count;
        wanted = null;
    }

    /// The bytes transferred, or `-errno`.
    protected final int count() {
        return count;
    }

    /// The buffer of the present use.
    protected final LentMemory wanted() {
        return wanted;
    }

    /// The buffer in the kernel's hands.
    protected final LentMemory lent() {
        return lent;
    }

    /// Gives the present use up, if there is one.
    public void cancel() {
        if (wanted != null) {
            wanted = null;
            abandon();
        }
    }

    /// Called for a use that was given up, with what it brought all the same; [#lent] is still readable.
    protected void keep(int result) {}

    @Override
    protected final void staging() {
        try {
            wanted.lend(this);
        } catch (IllegalStateException misuse) {
            wanted = null;
            throw misuse;
        }
        lent = wanted;
    }

    @Override
    protected final void dispose(int result) {
        keep(result);
        giveBack();
    }

    private void giveBack() {
        if (lent != null) {
            lent.giveBack();
            lent = null;
        }
    }
}

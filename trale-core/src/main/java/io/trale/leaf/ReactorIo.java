package io.trale.leaf;

import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import io.trale.reactor.Pools;
import io.trale.reactor.ScratchPool;
import java.lang.foreign.MemorySegment;

/// The operation of a leaf future: submitted exactly once, however often the future is polled; keeps its result, and wakes
/// the task that polls.
///
/// The owner may abandon it and use it again, as a stream does with its one receive. An operation that was abandoned in
/// flight is an *orphan*: its completion goes to [#dispose], and only then is the next use submitted. So nothing that the
/// kernel gave to the orphan is lost, and nothing overtakes it.
///
/// The hooks of a use are called in this order, all on the loop thread:
///
/// 1. [#mayBegin], in each poll until it is true;
/// 2. [#staging], once, which acquires what the use needs;
/// 3. [#fill], once for each submission;
/// 4. [#released], once for each submission, with the result: the kernel no longer uses the memory that `fill` named, and the
///    memory of [#take] goes back;
/// 5. if the use was abandoned in flight: [#dispose], and the next use may begin;
/// 6. else [#again], which may return to step 3;
/// 7. else the waker is called; the owner takes [#ioResult], then calls [#reset], or [#abandon], which calls [#dispose].
///
/// If the operation is withdrawn before the next enter, step 3 is left out, and the result is `-ECANCELED`.
///
/// **If a hook throws after the completion** (an [OutOfMemoryError], say), the use ends all the same, and the executor reports
/// what was thrown. If [#released] or [#again] throws, the result is `-ENOMEM`. The hook that throws must have given up all that
/// the kernel gave it: memory goes back, a descriptor is closed. Bytes that are lost must be noticed by the next use.
public abstract class ReactorIo extends Operation {

    private static final Waker NONE = () -> {};

    private enum Use {
        /// Not submitted: it may wait for an orphan, or for [#mayBegin].
        NEW,
        /// Staged or in the kernel.
        SUBMITTED,
        /// Ended; the result is not taken yet.
        FINISHED
    }

    private Use use = Use.NEW;
    /// The operation in flight belongs to a use that was abandoned.
    private boolean orphan;
    private int result;
    private Waker waker = NONE;

    private ScratchPool pool;
    /// The memory that the entry names, or null.
    private MemorySegment memory;

    /// An operation on `descriptor`.
    protected ReactorIo(Descriptor descriptor) {
        super(descriptor);
    }

    /// Submits the operation if this is the first call of this use. Returns true once [#ioResult] is available; until then
    /// `waker` replaces the previous one, and is woken when it is. Throws as [Descriptor#checkThread].
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

    /// As [#submitOrGetResult], for the future; subclasses may do more.
    public boolean poll(Waker waker) {
        return submitOrGetResult(waker);
    }

    /// As [#abandon], for the future; subclasses may do more.
    public void cancel() {
        abandon();
    }

    /// True if there is a result that was not taken yet.
    protected final boolean finished() {
        return use == Use.FINISHED;
    }

    /// Makes the owner poll again, for another reason than a result.
    protected final void wake() {
        waker.wake();
    }

    /// The result of the operation: `>= 0`, or `-errno`. Throws as [Descriptor#checkThread].
    protected final int ioResult() {
        descriptor().checkThread();
        check(use == Use.FINISHED);
        return result;
    }

    /// Abandons this use, and cancels its operation. The result, now or when it comes, goes to [#dispose].
    protected final void abandon() {
        descriptor().checkThread();
        Use before = use;
        use = Use.NEW;
        waker = NONE;
        if (before == Use.SUBMITTED) {
            orphan = true;
            descriptor().reactor().cancel(this);
        } else if (before == Use.FINISHED) {
            disposeOrReport(result);
        }
    }

    private void disposeOrReport(int result) {
        try {
            dispose(result);
        } catch (Throwable t) {
            descriptor().reactor().fault(t);
        }
    }

    /// Prepares the next use, after the result was taken.
    protected final void reset() {
        check(use == Use.FINISHED);
        use = Use.NEW;
        waker = NONE;
    }

    private void check(boolean allowed) {
        if (!allowed) {
            throw new IllegalStateException(this + " is " + use);
        }
    }

    /// False if this use must not be submitted yet. The subclass calls [#wake] when it may.
    protected boolean mayBegin() {
        return true;
    }

    /// The pools of this loop.
    protected final Pools pools() {
        return descriptor().reactor().pools();
    }

    /// Takes memory from `pool` for the entry. Only to be called in [#fill], and once; it goes back after [#released].
    protected final MemorySegment take(ScratchPool pool) {
        this.pool = pool;
        memory = pool.take();
        return memory;
    }

    /// The memory of [#take]; null if `fill` was not called, or has not taken any.
    protected final MemorySegment memory() {
        return memory;
    }

    private void release(int result) {
        try {
            released(result);
        } finally {
            if (memory != null) {
                pool.give(memory);
                memory = null;
            }
        }
    }

    /// Acquires what this use needs. May throw to the caller of the poll; nothing is staged then.
    protected void staging() {}

    /// Takes the result of an abandoned use: keeps bytes for the next use, closes an accepted descriptor, and so on.
    protected void dispose(int result) {}

    /// The operation has ended with `result`; also called for an orphan. [#memory] is still readable.
    protected void released(int result) {}

    /// True if the operation, which ended with `result`, must be submitted again and the result discarded. By default, if it was
    /// interrupted before it did anything. Not called for an orphan.
    protected boolean again(int result) {
        return result == -Errno.EINTR;
    }

    @Override
    protected final void complete(int result, int flags) {
        boolean abandoned = orphan;
        orphan = false;
        int outcome = -Errno.ENOMEM; // if a hook throws
        boolean repeated = false;
        try {
            release(result);
            repeated = !abandoned && again(result);
            outcome = result;
        } catch (Throwable t) {
            descriptor().reactor().fault(t);
        }
        if (abandoned) {
            disposeOrReport(outcome);
        } else if (!repeated) {
            finish(outcome);
        } else if (descriptor().isOpen()) {
            descriptor().reactor().stage(this);
            return;
        } else {
            finish(-Errno.ECANCELED); // the close is the cause, whatever the result says
        }
        waker.wake(); // of an orphan: the next use may wait for its end
    }

    @Override
    protected final void leftToKernel() {
        orphan = false;
        if (use == Use.SUBMITTED) {
            finish(-Errno.ECANCELED);
        }
        waker.wake(); // a use that waits for the orphan finds the descriptor closed
    }

    private void finish(int result) {
        this.result = result;
        use = Use.FINISHED;
    }
}

package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.reactor.CurrentReactor;
import io.trale.reactor.Reactor;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;

/// A future that runs straight-line code: an async block.
///
/// `await` stores a future here and suspends the code. The block's own [#poll], on the loop thread, polls that future and
/// resumes the code when it is complete. So only the loop polls leaf futures, blocks may await blocks, and one waker is enough.
final class Block<T> implements Future<T>, CurrentReactor.Block, Coroutine.Body {

    private final Callable<? extends T> body;
    private final Coroutine coroutine;

    private Reactor reactor;
    private volatile Waker waker = () -> {};
    private boolean begun;
    private Future<?> awaited;
    /// The awaited future has completed, failed or was cancelled.
    private boolean ready;
    private Throwable pollFailure;
    private boolean cancelled;
    /// The current or the next `await` throws, once.
    private boolean cancelDue;
    private boolean ended;
    private T value;
    private Throwable failure;

    Block(Callable<? extends T> body) {
        this(body, Coroutine.isFast());
    }

    Block(Callable<? extends T> body, boolean fast) {
        this.body = Objects.requireNonNull(body);
        coroutine = Coroutine.of(this, fast);
    }

    /// The block whose code calls this. Throws [IllegalStateException] if there is none.
    static Block<?> current() {
        if (CurrentReactor.block() instanceof Block<?> block) {
            return block;
        }
        throw new IllegalStateException("await() outside of an async block: use async(...), or Executor.blockOn(...)");
    }

    @Override
    public Reactor reactor() {
        return reactor;
    }

    /// The code of this block.
    Object code() {
        return body;
    }

    // ---- on the loop

    @Override
    public boolean poll(Waker waker) {
        if (CurrentReactor.block() != null) {
            throw new IllegalStateException("one block cannot run inside another: await it, or spawn it");
        }
        if (begun) {
            reactor.checkThread();
        }
        this.waker = waker;
        begin();
        do {
            if (awaited != null && !ready) {
                try {
                    if (!awaited.poll(waker)) {
                        return false;
                    }
                } catch (Throwable t) { // poll must not throw; the future may have operations in flight
                    pollFailure = t;
                    cancelAwaited(t);
                }
                ready = true;
            }
            resume();
        } while (awaited != null && !ended);
        return ended;
    }

    private void cancelAwaited(Throwable because) {
        try {
            awaited.cancel();
        } catch (Throwable t) {
            because.addSuppressed(t);
        }
    }

    private void begin() {
        if (!begun) {
            begun = true;
            reactor = Reactor.current();
        }
    }

    private void resume() {
        reactor.enterBlock(coroutine.thread());
        try {
            coroutine.resume(awaited == null || ready);
        } finally {
            reactor.leaveBlock();
        }
    }

    @Override
    public T result() throws Exception {
        reactor.checkThread();
        return Outcome.of(value, failure);
    }

    /// Cancels the awaited future and resumes the code, which unwinds. If it awaits again, a new task polls it.
    @Override
    public void cancel() {
        if (ended || !begun || cancelled) {
            return;
        }
        reactor.checkThread();
        cancelled = true;
        cancelDue = true;
        try {
            interrupt();
        } finally { // even if the cancel of the awaited future throws
            if (ended) {
                unwound();
            } else {
                executor().unwind(this);
            }
        }
    }

    /// A future that polls this block, which was cancelled, to its end if it has one.
    Future<Void> unwinding() {
        return new Future<>() {
            @Override
            public boolean poll(Waker waker) {
                return Block.this.poll(waker) || isLeftToExit();
            }

            @Override
            public Void result() {
                unwound();
                return null;
            }
        };
    }

    /// The code has ended after a cancel. Reports what it threw, unless the cancel was the cause.
    private void unwound() {
        if (failure != null && !(failure instanceof InterruptedException) && !Outcome.isCancel(failure)) {
            executor().uncaught(failure);
        }
    }

    /// True if the code is inside [System#exit], which never returns: it waits for the shutdown hooks, one of which may wait for
    /// the loop. The JDK then runs the rest of the code. Loop thread, instead of the next poll.
    private boolean isLeftToExit() {
        boolean exits = (awaited == null || ready) && Reactor.isExiting(coroutine.thread());
        if (exits) {
            coroutine.leave();
        }
        return exits;
    }

    private Executor executor() {
        return (Executor) reactor.owner();
    }

    /// Ends the current `await`, or interrupts what else the code waits for.
    private void interrupt() {
        if (awaited == null || ready) {
            coroutine.thread().interrupt();
            return;
        }
        ready = true;
        try {
            awaited.cancel();
        } finally {
            if (CurrentReactor.block() == null) { // else it is resumed after the calling block has suspended
                resume();
            }
        }
    }

    // ---- on the block's own thread

    @Override
    public void run() {
        CurrentReactor.enterBlock(this);
        try {
            value = body.call();
        } catch (Throwable t) {
            failure = t;
        }
        CurrentReactor.leaveBlock();
        ended = true;
    }

    @Override
    public void wake() {
        waker.wake();
    }

    /// Returns when `future` is complete. Throws if the block is cancelled, or if polling threw.
    void await(Future<?> future) {
        Objects.requireNonNull(future); // null would mean that nothing is awaited
        if (cancelDue) {
            future.cancel();
            throw cancellation();
        }
        awaited = future;
        ready = false;
        boolean interrupted = false;
        do {
            coroutine.suspend();
            interrupted |= Thread.interrupted(); // an interrupted thread would not suspend
        } while (!ready);
        awaited = null;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (cancelDue) {
            throw cancellation();
        }
        if (pollFailure != null) {
            RuntimeException thrown = new IllegalStateException("polling the awaited future threw", pollFailure);
            pollFailure = null;
            throw thrown;
        }
    }

    private CancellationException cancellation() {
        cancelDue = false;
        return new CancellationException("the block was cancelled");
    }
}

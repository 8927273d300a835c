package io.trale.reactive.loop;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// A subscription to a source: demand, cancellation and signals, on the loop.
///
/// `request` and `cancel` are called on any thread. On the loop they take effect at once; elsewhere they leave a note, and
/// schedule one [#drain] for any number of notes. Signals come from `drain` only, which runs on the loop and never inside
/// itself. So signals are serial (§1.3), a `request` inside `onNext` does not recurse (§3.3), and nothing is signalled before
/// `onSubscribe` has returned.
///
/// **Ends.** Every end is signalled once, in a later turn than the subscription: `retry` and `repeat` of a source that has ended
/// cannot seize the loop. A close on this side, of the source or of the loop, ends it by [#closed]. A subscriber that throws
/// ends it, too: see [#next]. If the source itself throws, for example an `OutOfMemoryError`, the subscription fails with that.
///
/// A source adds two steps, [#progress] and [#stop], and its [#cutOff].
public abstract class LoopSubscription<T> implements Subscription, Runnable, Scannable {

    /// `cancelled`, `badRequest` and `requested` are notes, on which [#drain] acts.
    private enum State {
        /// `onSubscribe` may still be running, so nothing may be signalled. The first turn makes it STARTED. If the loop has
        /// ended, it is ENDED without a turn.
        NEW,
        /// The source may emit. A terminal signal, a cancel, a bad request or a subscriber that throws makes it ENDED.
        STARTED,
        /// [#stop] was called if this was STARTED. No signal follows but the terminal signal that ended it.
        ENDED
    }

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<LoopSubscription> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(LoopSubscription.class, "requested");
    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<LoopSubscription> SCHEDULED =
            AtomicIntegerFieldUpdater.newUpdater(LoopSubscription.class, "scheduled");

    public final Loop loop;

    /// Dropped at the end, so that an operation still in flight does not hold the subscriber (§3.13).
    @Nullable CoreSubscriber<? super T> actual;

    /// Requested by other threads, and not seen by the loop yet.
    private volatile long requested;
    /// 1 while a drain is queued, and from the start until the first one has begun.
    private volatile int scheduled = 1;
    private volatile boolean cancelled;
    private volatile boolean badRequest;
    /// Written by the loop, and after its end by the thread that signals the end in its place.
    private volatile State state = State.NEW;

    // For the loop alone.
    /// True inside [#drain].
    private boolean draining;
    /// The subscriber has cancelled on the loop thread: see [#hasLeft].
    private boolean left;
    private long demand;

    /// The loop on which the elements of `subscription` are signalled. Null if there is none, or if an operator in between
    /// signals on a thread of its choice.
    public static @Nullable Loop loopOf(Subscription subscription) {
        Scannable step = Scannable.from(subscription);
        while (step != null && step.isScanAvailable()) {
            if (step instanceof LoopSubscription<?> source) {
                return source.loop;
            }
            if (step.scan(Scannable.Attr.RUN_STYLE) == Scannable.Attr.RunStyle.ASYNC) {
                return null;
            }
            step = step.scan(Scannable.Attr.PARENT);
        }
        return null;
    }

    public LoopSubscription(Loop loop, CoreSubscriber<? super T> actual) {
        this.loop = loop;
        this.actual = actual;
    }

    /// Calls `onSubscribe`, and starts in a later turn: nothing else is signalled inside this call. Any thread, once.
    public void subscribe() {
        CoreSubscriber<? super T> subscriber = actual;
        assert subscriber != null : "subscribed twice";
        try {
            subscriber.onSubscribe(this);
        } catch (Throwable t) {
            cancelled = true; // the next subscriber may come
            throw t;
        }
        loop.later(this, this::loopHasEnded);
    }

    /// Ends by the rule of [#closed] after the end of the loop, on any thread. Nothing is in flight.
    final void loopHasEnded() {
        CoreSubscriber<? super T> subscriber = actual;
        if (subscriber != null && !isOver()) {
            state = State.ENDED;
            Loop.tellEnd(subscriber, badRequest ? Loop.badRequest() : cutOff(), this::broken);
        }
    }

    /// Emits what is there while [#wanted], ends if the source has ended, and stages an operation if [#wanted] and none is in
    /// flight. Called on the loop whenever something may have changed, but not after the end.
    protected abstract void progress();

    /// Releases the source: the subscriber has cancelled, or its terminal signal follows. Called once, on the loop.
    protected abstract void stop();

    /// The error of a source that is closed on this side before its own end; null if it has no end of its own.
    protected @Nullable Throwable cutOff() {
        return null;
    }

    /// The subscriber threw in `onNext(element)`: releases what the element holds. Loop thread.
    protected void lost(T element, Context context) {
        Operators.onDiscard(element, context);
    }

    /// The subscriber threw `fatal` (see [Exceptions#isJvmFatal]) out of a signal, and this has ended. Operators do not catch
    /// such errors, so some in the pipeline may never signal its end. Reports it, and ends what belongs to the pipeline. Loop
    /// thread.
    protected void broken(Throwable fatal) {
        loop.uncaught(fatal);
    }

    /// True if [#broken] fails the whole pipeline, as that of a connection's handler. Loop thread.
    protected boolean isHandled() {
        return false;
    }

    @Override
    public final void request(long n) {
        if (n <= 0) {
            badRequest = true;
        } else if (loop.isCurrent()) {
            demand = Operators.addCap(demand, n);
        } else {
            Operators.addCap(REQUESTED, this, n);
        }
        schedule();
    }

    @Override
    public void cancel() {
        cancelled = true;
        if (loop.isCurrent()) {
            left = true;
        }
        schedule();
    }

    private void schedule() {
        if (loop.isCurrent()) {
            drain();
        } else if (scheduled == 0 && SCHEDULED.compareAndSet(this, 0, 1)) {
            loop.execute(this); // if it has ended, so has every source
        }
    }

    /// The drain that other threads schedule.
    @Override
    public final void run() {
        scheduled = 0; // a note from here on schedules again
        if (state == State.NEW) {
            state = State.STARTED;
        }
        drain();
    }

    /// Acts on all that may have changed. A call from inside is left to the one that is under way. Loop thread.
    public final void drain() {
        if (draining || state == State.NEW) {
            return;
        }
        draining = true;
        try {
            long seen;
            do {
                if (cancelled) {
                    endIfStarted();
                }
                if (state == State.STARTED && badRequest) {
                    fail(Loop.badRequest());
                }
                if (state == State.ENDED) {
                    return;
                }
                if (requested != 0) {
                    demand = Operators.addCap(demand, REQUESTED.getAndSet(this, 0));
                }
                seen = demand;
                progress();
            } while (cancelled || badRequest || requested != 0 || demand > seen);
        } catch (Throwable t) {
            if (isOver()) { // there is no subscriber to notify
                endIfStarted();
                throw t;
            }
            fail(t);
        } finally {
            draining = false;
        }
    }

    /// How many elements the subscriber wants. Loop thread.
    public final long demand() {
        return isOver() || badRequest ? 0 : demand;
    }

    /// True while the subscriber wants an element. Loop thread.
    public final boolean wanted() {
        return demand() > 0;
    }

    /// True once the subscriber has cancelled on the loop: no element follows. A cancel from another thread does not count here:
    /// an element that is being made is still signalled, or it would be lost. Loop thread.
    public final boolean hasLeft() {
        return left;
    }

    /// Signals an element, which is [#wanted]. Only from [#progress].
    ///
    /// If the subscriber throws (§2.13: it must not), this ends as by a cancel. A fatal error of the JVM may have passed operators
    /// that still wait, so it is signalled to the subscriber all the same, unless this [#isHandled]; see [#broken].
    public final void next(T element) {
        assert demand > 0 : "no demand";
        CoreSubscriber<? super T> subscriber = Objects.requireNonNull(actual, "over");
        if (demand != Long.MAX_VALUE) {
            demand--;
        }
        try {
            subscriber.onNext(element);
        } catch (Throwable t) {
            end();
            lost(element, subscriber.currentContext());
            if (Exceptions.isJvmFatal(t)) {
                if (!isHandled()) {
                    Loop.tellEnd(subscriber, t, again -> { }); // it may throw again
                }
                broken(t);
            } else {
                Operators.onErrorDropped(t, subscriber.currentContext());
            }
        }
    }

    /// Signals completion, unless there was a cancel. Only from [#progress].
    public final void complete() {
        signalEnd(null);
    }

    /// Signals an error, unless there was a cancel. Only from [#progress].
    public final void fail(Throwable failure) {
        signalEnd(failure);
    }

    /// Signals the end of a source that was closed on this side, itself or with the loop. A source without an end of its own
    /// (connections, datagrams, ticks, signals) completes. One that did not reach its end (the bytes of a connection or of a
    /// file) fails. Only from [#progress].
    public final void closed() {
        signalEnd(cutOff());
    }

    private void signalEnd(@Nullable Throwable failure) {
        CoreSubscriber<? super T> subscriber = actual;
        if (isOver() || subscriber == null) {
            return;
        }
        end();
        if (!cancelled) {
            Loop.tellEnd(subscriber, failure, this::broken);
        }
    }

    private void endIfStarted() {
        if (state == State.STARTED) {
            end();
        }
    }

    private void end() {
        assert state == State.STARTED : state;
        state = State.ENDED;
        stop();
        actual = null;
    }

    /// True once the subscriber has cancelled, or has its terminal signal. Any thread.
    public final boolean isOver() {
        return cancelled || state == State.ENDED;
    }

    /// The context of the subscriber; empty after the end. Loop thread.
    public final Context context() {
        CoreSubscriber<? super T> subscriber = actual;
        return subscriber == null ? Context.empty() : subscriber.currentContext();
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.ACTUAL) {
            return actual;
        }
        if (key == Attr.CANCELLED) {
            return cancelled;
        }
        if (key == Attr.TERMINATED) {
            return state == State.ENDED;
        }
        if (key == Attr.REQUESTED_FROM_DOWNSTREAM) {
            return Operators.addCap(demand, requested);
        }
        if (key == Attr.RUN_STYLE) {
            return Attr.RunStyle.ASYNC;
        }
        return null;
    }
}

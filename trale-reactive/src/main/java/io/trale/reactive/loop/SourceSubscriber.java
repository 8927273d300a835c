package io.trale.reactive.loop;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Operators;

/// The subscriber of a source that may signal on any thread: keeps its subscription, and its terminal signal until that is
/// passed on or dropped.
public abstract class SourceSubscriber<E> implements CoreSubscriber<E>, Scannable {

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<SourceSubscriber, Subscription> UPSTREAM =
            AtomicReferenceFieldUpdater.newUpdater(SourceSubscriber.class, Subscription.class, "upstream");
    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<SourceSubscriber, Throwable> FAILURE =
            AtomicReferenceFieldUpdater.newUpdater(SourceSubscriber.class, Throwable.class, "failure");

    /// Reactor's cancelled subscription once the source was cancelled: one that shows up later is cancelled at once.
    private volatile @Nullable Subscription upstream;
    /// The source has ended; its failure is set before.
    private volatile boolean complete;
    /// Taken by the thread that signals it, or drops it.
    private volatile @Nullable Throwable failure;

    /// For subclasses.
    protected SourceSubscriber() {}

    /// The source has called `onSubscribe`, and was not cancelled before.
    protected abstract void subscribed(Subscription upstream);

    /// The source has ended: [#isComplete].
    protected abstract void completed();

    @Override
    public final void onSubscribe(Subscription subscription) {
        if (Operators.setOnce(UPSTREAM, this, subscription)) {
            subscribed(subscription);
        }
    }

    @Override
    public final void onError(Throwable failure) {
        Objects.requireNonNull(failure);
        if (complete) {
            Operators.onErrorDropped(failure, currentContext());
        } else {
            this.failure = failure;
            onComplete();
        }
    }

    @Override
    public final void onComplete() {
        complete = true;
        completed();
    }

    /// The subscription to the source; null before `onSubscribe`.
    protected final @Nullable Subscription upstream() {
        return upstream;
    }

    /// True once the source has ended, with a failure or without.
    protected final boolean isComplete() {
        return complete;
    }

    /// True while the source has failed, and nobody has taken its failure.
    protected final boolean hasFailed() {
        return failure != null;
    }

    /// Takes the failure of the source; null if there is none.
    protected final @Nullable Throwable takeFailure() {
        return FAILURE.getAndSet(this, null);
    }

    /// Passes the end of the source on.
    protected final void passEnd(Subscriber<?> subscriber) {
        Throwable failure = takeFailure();
        if (failure != null) {
            subscriber.onError(failure);
        } else {
            subscriber.onComplete();
        }
    }

    /// The failure of the source cannot be signalled any more.
    protected final void dropFailure() {
        Throwable failure = takeFailure();
        if (failure != null) {
            Operators.onErrorDropped(failure, currentContext());
        }
    }

    /// Cancels the source unless it has ended: now, or when it calls `onSubscribe`.
    protected final void cancelSource() {
        Subscription upstream = UPSTREAM.getAndSet(this, Operators.cancelledSubscription());
        if (upstream != null && !complete) {
            upstream.cancel();
        }
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        return key == Attr.PARENT ? upstream : key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
    }
}

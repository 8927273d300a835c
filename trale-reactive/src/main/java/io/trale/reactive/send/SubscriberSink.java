package io.trale.reactive.send;

import io.trale.reactive.Sink;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;

/// Makes a subscriber of an operation that wants a publisher: is one for it, and passes on what it is told.
///
/// The source starts the operation, which may subscribe much later, or not at all. Until then the source can say nothing
/// but that it has ended, since nobody has asked it for more: that is all that has to be kept.
public final class SubscriberSink<T> implements Sink<T>, CoreSubscriber<T>, Publisher<T>, Scannable {

    private enum State { WAITING, CONNECTED, ENDED }

    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<SubscriberSink, Subscription> UPSTREAM =
            AtomicReferenceFieldUpdater.newUpdater(SubscriberSink.class, Subscription.class, "upstream");

    private final Function<? super Publisher<T>, Mono<Void>> operation;
    private final Disposable.Swap running = Disposables.swap();
    private final Sinks.Empty<Void> end = Sinks.empty();

    private volatile @Nullable Subscription upstream;
    /// The operation's own subscriber.
    private volatile @Nullable Subscriber<? super T> target;
    /// Whether the target has been greeted, and whether the source has ended.
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    /// The source's, until it is passed on or dropped.
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    /// The operation has ended: if it has not subscribed by now, it never will.
    private volatile boolean over;

    public SubscriberSink(Function<? super Publisher<T>, Mono<Void>> operation) {
        this.operation = operation;
    }

    // ---- the source's signals

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.setOnce(UPSTREAM, this, subscription)) {
            running.update(operation.apply(this).subscribe(null, this::fail, this::complete));
        }
    }

    @Override
    public void onNext(T element) {
        Objects.requireNonNull(element);
        Subscriber<? super T> target = this.target;
        if (target != null) {
            target.onNext(element);
        } else {
            Operators.onNextDropped(element, currentContext()); // nobody has asked for it
        }
    }

    @Override
    public void onError(Throwable failure) {
        Objects.requireNonNull(failure);
        if (state.get() == State.ENDED) {
            Operators.onErrorDropped(failure, currentContext());
        } else {
            this.failure.set(failure);
            onComplete();
        }
    }

    @Override
    public void onComplete() {
        if (state.getAndSet(State.ENDED) == State.CONNECTED) {
            passEnd();
        } else if (over) {
            dropFailure();
        }
    }

    private void passEnd() {
        Subscriber<? super T> target = Objects.requireNonNull(this.target);
        Throwable failure = this.failure.getAndSet(null);
        if (failure != null) {
            target.onError(failure);
        } else {
            target.onComplete();
        }
    }

    // ---- the operation

    @Override
    public void subscribe(Subscriber<? super T> target) {
        this.target = target;
        target.onSubscribe(Objects.requireNonNull(upstream));
        if (!state.compareAndSet(State.WAITING, State.CONNECTED)) {
            passEnd();
        }
    }

    private void complete() {
        end.tryEmitEmpty();
        letGo();
    }

    private void fail(Throwable failure) {
        end.tryEmitError(failure);
        letGo();
    }

    /// An operation that has subscribed cancels the source itself.
    private void letGo() {
        over = true; // before the state is read: of two threads one sees the other's note
        if (target == null) {
            if (state.get() == State.ENDED) {
                dropFailure();
            } else {
                Operators.terminate(UPSTREAM, this);
            }
        }
    }

    /// The operation never learns of the failure.
    private void dropFailure() {
        Throwable unheard = failure.getAndSet(null);
        if (unheard != null) {
            Operators.onErrorDropped(unheard, currentContext());
        }
    }

    @Override
    public Mono<Void> onEnd() {
        return end.asMono();
    }

    @Override
    public void dispose() {
        running.dispose();
        fail(new CancellationException("the sink was disposed of"));
    }

    @Override
    public boolean isDisposed() {
        return running.isDisposed();
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.PARENT) {
            return upstream;
        }
        if (key == Attr.ACTUAL) {
            return target;
        }
        if (key == Attr.TERMINATED) {
            return end.scan(Attr.TERMINATED);
        }
        return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
    }
}

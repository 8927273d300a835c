package io.trale.reactive.send;

import io.trale.reactive.Sink;
import io.trale.reactive.loop.SourceSubscriber;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;

/// A subscriber that is the publisher of an operation such as a send, and passes signals on to it.
///
/// `onSubscribe` starts the operation, which may subscribe much later, or never. Until then there is no demand, so the only
/// signal of the source that has to be kept is its end.
public final class SubscriberSink<T> extends SourceSubscriber<T> implements Sink<T>, Publisher<T> {

    private enum State {
        /// The operation has not subscribed, and the source has not ended.
        WAITING,
        /// The operation has subscribed.
        CONNECTED,
        /// The source has ended. The operation is passed that end, once it has subscribed.
        ENDED
    }

    private final Function<? super Publisher<T>, Mono<Void>> operation;
    private final Disposable.Swap running = Disposables.swap();
    private final Sinks.Empty<Void> end = Sinks.empty();

    /// The subscriber of the operation.
    private volatile @Nullable Subscriber<? super T> target;
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    /// The operation has ended: if it has not subscribed yet, it never will.
    private volatile boolean over;

    public SubscriberSink(Function<? super Publisher<T>, Mono<Void>> operation) {
        this.operation = operation;
    }

    // ---- the source's signals

    @Override
    protected void subscribed(Subscription upstream) {
        running.update(operation.apply(this).subscribe(null, this::fail, this::complete));
    }

    @Override
    public void onNext(T element) {
        Objects.requireNonNull(element);
        Subscriber<? super T> target = this.target;
        if (target != null) {
            target.onNext(element);
        } else {
            Operators.onNextDropped(element, currentContext()); // without demand
        }
    }

    @Override
    protected void completed() {
        Subscriber<? super T> target = this.target;
        if (state.getAndSet(State.ENDED) == State.CONNECTED && target != null) {
            passEnd(target);
        } else if (over) {
            dropFailure();
        }
    }

    // ---- the operation

    @Override
    public void subscribe(Subscriber<? super T> target) {
        this.target = target;
        target.onSubscribe(Objects.requireNonNull(upstream()));
        if (!state.compareAndSet(State.WAITING, State.CONNECTED)) {
            passEnd(target);
        }
    }

    private void complete() {
        end.tryEmitEmpty();
        release();
    }

    private void fail(Throwable failure) {
        end.tryEmitError(failure);
        release();
    }

    /// An operation that has subscribed cancels the source by itself.
    private void release() {
        over = true; // before the state is read: either this sees the end of the source, or that sees this
        if (target == null) {
            cancelSource();
            if (state.get() == State.ENDED) {
                dropFailure();
            }
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
        if (key == Attr.ACTUAL) {
            return target;
        }
        return key == Attr.TERMINATED ? end.scan(Attr.TERMINATED) : super.scanUnsafe(key);
    }
}

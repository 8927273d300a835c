package io.trale.reactive.codec;

import io.trale.reactive.buffer.DecodeState;
import io.trale.reactive.buffer.Unread;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.LoopSubscription;
import io.trale.reactive.loop.SourceSubscriber;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// A subscription to a view: subscriber of the chunks, and subscription of the elements' subscriber. A view that is applied
/// directly to a connection does not use this class: it decodes in [io.trale.reactive.stream.Receiver].
///
/// Demand is exact. Without demand, no chunk is requested and nothing is decoded. With demand, one chunk is requested; the next
/// is requested when that one is used up and demand is left. So at most one chunk waits here.
///
/// Signals may come from any thread. A thread that increments [#wip] from 0 drains, on the loop if the source has one.
final class DecodeSubscription<T> extends SourceSubscriber<ByteBuffer> implements Subscription, Runnable {

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<DecodeSubscription> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(DecodeSubscription.class, "requested");
    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<DecodeSubscription> WIP =
            AtomicIntegerFieldUpdater.newUpdater(DecodeSubscription.class, "wip");

    private final CoreSubscriber<? super T> actual;

    private volatile long requested;
    private volatile boolean cancelled;
    private volatile boolean badRequest;
    /// The chunk that is not drained yet.
    private volatile @Nullable ByteBuffer arrived;
    /// The number of drain calls since the last drain ended; 1 at first, so that nothing is drained before `onSubscribe` has
    /// returned.
    private volatile int wip = 1;

    // For the draining thread.
    private final Unread unread = new Unread();
    private final DecodeState<T> decode;
    private @Nullable Loop loop;
    private boolean chunkRequested;
    private volatile boolean over;

    DecodeSubscription(Decoder<? extends T> decoder, CoreSubscriber<? super T> actual) {
        decode = new DecodeState<>(decoder::decode);
        this.actual = actual;
    }

    private void drain() {
        if (WIP.getAndIncrement(this) == 0) {
            drainOnLoop();
        }
    }

    private void drainOnLoop() {
        Loop loop = this.loop;
        if (loop == null || loop.isCurrent() || !loop.execute(this)) { // after the end of the loop: on any thread
            run();
        }
    }

    @Override
    public void run() {
        for (int left = 1; left != 0;) {
            drainAll();
            left = WIP.addAndGet(this, -left);
        }
    }

    private void drainAll() {
        while (!over) {
            boolean ended = isComplete(); // read before `arrived`: the last chunk is seen with it
            if (cancelled) {
                over = true;
            } else if (badRequest) {
                fail(Loop.badRequest());
            } else if (!proceed(ended)) {
                return;
            }
        }
        discard();
    }

    /// Makes one step. Returns false if there is nothing to do until the next signal.
    private boolean proceed(boolean ended) {
        ByteBuffer next = arrived;
        boolean last = ended && next == null && !hasFailed(); // after a failure, an incomplete element is discarded
        T element = null;
        boolean more;
        try {
            more = decode.has(unread, last);
            if (more && requested > 0) {
                element = decode.take(unread, last);
            }
        } catch (Throwable t) {
            fail(t);
            return true;
        }
        if (element != null) {
            emit(element);
        } else if (more) {
            return requested > 0; // else wait for demand
        } else if (next != null) {
            arrived = null;
            chunkRequested = false;
            unread.add(next);
        } else if (ended) {
            over = true;
            passEnd(actual);
        } else {
            if (requested > 0 && !chunkRequested) {
                chunkRequested = true;
                Objects.requireNonNull(upstream()).request(1); // a source that answers at once causes another drain
            }
            return false;
        }
        return true;
    }

    private void emit(T element) {
        if (requested != Long.MAX_VALUE) {
            REQUESTED.decrementAndGet(this);
        }
        try {
            actual.onNext(element);
        } catch (Throwable t) { // §2.13 forbids that: treat it as cancelled
            over = true;
            cancelSource();
            Exceptions.throwIfJvmFatal(t);
            Operators.onErrorDropped(t, currentContext());
        }
    }

    private void fail(Throwable failure) {
        Throwable mapped = Operators.onOperatorError(upstream(), failure, currentContext()); // cancels the source
        over = true;
        actual.onError(mapped);
    }

    /// After the end: discards what is left, and what the source still emits.
    private void discard() {
        Context context = currentContext();
        decode.leave(context);
        Operators.onDiscard(unread.take(), context);
        ByteBuffer late = arrived;
        if (late != null) { // else one may arrive now, and its thread drains again
            arrived = null;
            Operators.onDiscard(late, context);
        }
        dropFailure();
    }

    // ---- signals of the source

    @Override
    protected void subscribed(Subscription upstream) {
        loop = LoopSubscription.loopOf(upstream);
        actual.onSubscribe(this);
        drainOnLoop();
    }

    @Override
    public void onNext(ByteBuffer element) {
        if (over || isComplete()) {
            Operators.onNextDropped(element, currentContext());
        } else if (arrived != null) {
            Operators.onDiscard(element, currentContext());
            cancelSource();
            onError(Exceptions.failWithOverflow("§1.1: the source emitted a chunk without demand"));
        } else {
            arrived = element.duplicate(); // the source's other subscribers may see the chunk: do not move its position
            drain();
        }
    }

    @Override
    protected void completed() {
        drain();
    }

    // ---- calls of the subscriber

    @Override
    public void request(long n) {
        if (n > 0) {
            Operators.addCap(REQUESTED, this, n);
        } else {
            badRequest = true;
        }
        drain();
    }

    @Override
    public void cancel() {
        cancelled = true;
        cancelSource();
        drain();
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
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
            return over && !cancelled;
        }
        if (key == Attr.REQUESTED_FROM_DOWNSTREAM) {
            return requested;
        }
        return key == Attr.RUN_STYLE ? Attr.RunStyle.SYNC : super.scanUnsafe(key);
    }
}

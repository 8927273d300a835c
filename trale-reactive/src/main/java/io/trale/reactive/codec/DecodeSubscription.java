package io.trale.reactive.codec;

import io.trale.reactive.buffer.DecodeState;
import io.trale.reactive.buffer.Unread;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.LoopSubscription;
import java.nio.ByteBuffer;
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

/// One subscription to a view: the subscriber of chunks, and the subscription of whoever wants elements. A view of a
/// connection needs none, since it decodes where the bytes are: see [io.trale.reactive.stream.Receiver].
///
/// Demand is exact. Without it no chunk is asked for, and nothing is decoded; with it one is, and the next when that one
/// is used up and has not made an element that is wanted. A chunk of many elements waits here, and it is all that waits.
///
/// Signals may come from any thread; whoever finds nobody in [#look] looks. If the source is on a loop of ours, that is
/// done on the loop.
final class DecodeSubscription<T> implements CoreSubscriber<ByteBuffer>, Subscription, Runnable, Scannable {

    @SuppressWarnings("rawtypes")
    private static final AtomicLongFieldUpdater<DecodeSubscription> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(DecodeSubscription.class, "requested");
    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<DecodeSubscription> LOOKS =
            AtomicIntegerFieldUpdater.newUpdater(DecodeSubscription.class, "looks");

    private final CoreSubscriber<? super T> actual;

    private volatile @Nullable Subscription upstream;
    private volatile long requested;
    private volatile boolean cancelled;
    private volatile boolean badRequest;
    /// A chunk that nobody has looked at.
    private volatile @Nullable ByteBuffer arrived;
    /// The source has ended; its failure is set before.
    private volatile boolean complete;
    private @Nullable Throwable sourceFailure;
    /// How often somebody wanted to look since nobody does; 1 from the start, until the subscriber has been greeted.
    private volatile int looks = 1;

    // For whoever looks.
    private final Unread unread = new Unread();
    private final DecodeState<T> decode;
    private @Nullable Loop loop;
    private boolean asked;
    private volatile boolean over;

    DecodeSubscription(Decoder<? extends T> decoder, CoreSubscriber<? super T> actual) {
        decode = new DecodeState<>(decoder::decode);
        this.actual = actual;
    }

    private void drain() {
        if (LOOKS.getAndIncrement(this) == 0) {
            drainOnLoop();
        }
    }

    private void drainOnLoop() {
        Loop loop = this.loop;
        if (loop == null || loop.isCurrent() || !loop.execute(this)) { // after its end, any thread will do
            run();
        }
    }

    @Override
    public void run() {
        for (int left = 1; left != 0;) {
            look();
            left = LOOKS.addAndGet(this, -left);
        }
    }

    private void look() {
        while (!over) {
            boolean ended = complete; // read first: what came before the end is there then
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

    /// Returns false if there is nothing to do until somebody calls.
    private boolean proceed(boolean ended) {
        ByteBuffer next = arrived;
        boolean last = ended && next == null && sourceFailure == null; // after a failure, what is incomplete is nothing
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
            return requested > 0; // else what there is waits for demand
        } else if (next != null) {
            arrived = null;
            asked = false;
            unread.add(next);
        } else if (ended) {
            finish();
        } else {
            if (requested > 0 && !asked) {
                asked = true;
                upstream().request(1); // a source that answers at once has us look again
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
        } catch (Throwable t) { // §2.13: it must not, so it is treated as gone
            over = true;
            upstream().cancel();
            Exceptions.throwIfJvmFatal(t);
            Operators.onErrorDropped(t, currentContext());
        }
    }

    private void finish() {
        Throwable failure = sourceFailure;
        over = true;
        if (failure != null) {
            actual.onError(failure);
        } else {
            actual.onComplete();
        }
    }

    private void fail(Throwable failure) {
        Throwable mapped = Operators.onOperatorError(upstream, failure, currentContext()); // cancels the source
        over = true;
        actual.onError(mapped);
    }

    /// It is over: whatever is left, or still comes while it ends, is nobody's.
    private void discard() {
        Context context = currentContext();
        decode.leave(context);
        Operators.onDiscard(unread.take(), context);
        ByteBuffer late = arrived;
        if (late != null) { // else one may come right now, whose bringer will have us look again
            arrived = null;
            Operators.onDiscard(late, context);
        }
    }

    private Subscription upstream() {
        return Objects.requireNonNull(upstream);
    }

    // ---- the source's signals

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(upstream, subscription)) {
            upstream = subscription;
            loop = LoopSubscription.loopOf(subscription);
            actual.onSubscribe(this);
            drainOnLoop();
        }
    }

    @Override
    public void onNext(ByteBuffer element) {
        if (over || complete) {
            Operators.onNextDropped(element, currentContext());
        } else if (arrived != null) {
            Operators.onDiscard(element, currentContext());
            upstream().cancel();
            onError(Exceptions.failWithOverflow("§1.1: a chunk that nobody had asked for"));
        } else {
            arrived = element.duplicate(); // its position is ours; that of a chunk which others see too is not
            drain();
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (over || complete) {
            Operators.onErrorDropped(failure, currentContext());
            return;
        }
        sourceFailure = Objects.requireNonNull(failure);
        complete = true;
        drain();
    }

    @Override
    public void onComplete() {
        complete = true;
        drain();
    }

    // ---- the wanting side

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
        upstream().cancel();
        drain();
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        if (key == Attr.PARENT) {
            return upstream;
        }
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
        if (key == Attr.RUN_STYLE) {
            return Attr.RunStyle.SYNC;
        }
        return null;
    }
}

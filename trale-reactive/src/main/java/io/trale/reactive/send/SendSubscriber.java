package io.trale.reactive.send;

import io.trale.reactive.Lease;
import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.loop.Loop;
import java.io.IOException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// One `send`: the subscriber of its source, and the subscription of whoever waits for it to be done.
///
/// Demand cannot be taken back, so it is kept small from the start: no more is outstanding than fits into the window,
/// by the size of the largest element of late, nor more than a few elements. What the kernel takes makes room again.
public final class SendSubscriber<E> implements CoreSubscriber<E>, Subscription, Runnable, Scannable {

    /// How many bytes may wait in the queue, apart from the element that exceeds it.
    static final int WINDOW_BYTES = 64 << 10;
    /// How many elements are outstanding at most, however small they are.
    static final int WINDOW_ELEMENTS = 32;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<SendSubscriber> SCHEDULED =
            AtomicIntegerFieldUpdater.newUpdater(SendSubscriber.class, "scheduled");
    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<SendSubscriber, Subscription> UPSTREAM =
            AtomicReferenceFieldUpdater.newUpdater(SendSubscriber.class, Subscription.class, "upstream");
    @SuppressWarnings("rawtypes")
    private static final AtomicReferenceFieldUpdater<SendSubscriber, Throwable> SOURCE_FAILURE =
            AtomicReferenceFieldUpdater.newUpdater(SendSubscriber.class, Throwable.class, "sourceFailure");

    private final Sender outlet;
    private final Publisher<? extends E> source;
    private final @Nullable Consumer<? super E> whenTaken;
    private final @Nullable BiConsumer<? super E, ? super IOException> whenRefused;
    private final CoreSubscriber<? super Void> actual;

    /// Reactor's cancelled subscription once the source was stopped: one that shows up later is cancelled at once.
    private volatile @Nullable Subscription upstream;
    /// What the source emitted on other threads than the loop; made when needed. The loop empties it, and after the end of
    /// the loop any thread that signals.
    private volatile @Nullable Queue<E> foreign;
    /// The source has ended; its failure is set before.
    private volatile boolean complete;
    /// Taken by the thread that signals it, or drops it.
    private volatile @Nullable Throwable sourceFailure;
    private volatile boolean cancelled;
    private volatile boolean badRequest;
    private volatile int scheduled;

    // For the loop alone.
    private boolean queued;
    private boolean begun;
    private boolean stopped;
    /// The source has said something since it was stopped.
    private boolean unheard;
    private boolean ended;
    private int outstanding;
    /// The size of the largest element of late, 0 until there was one: each later element takes an eighth off.
    private int largest;

    SendSubscriber(Sender outlet, Publisher<? extends E> source, @Nullable Consumer<? super E> whenTaken,
            @Nullable BiConsumer<? super E, ? super IOException> whenRefused, CoreSubscriber<? super Void> actual) {
        this.outlet = outlet;
        this.source = source;
        this.whenTaken = whenTaken;
        this.whenRefused = whenRefused;
        this.actual = actual;
    }

    /// The cold publisher of such sends. `whenTaken` is told, on the loop, of each element that the kernel has taken, and
    /// `whenRefused` of one that it will not take, if that is the element's fault alone.
    public static <E> Mono<Void> mono(String name, Sender outlet, Publisher<? extends E> source,
            @Nullable Consumer<? super E> whenTaken, @Nullable BiConsumer<? super E, ? super IOException> whenRefused) {
        return new SendMono<>(name, outlet, source, whenTaken, whenRefused).assembled();
    }

    // ---- on the loop, called by the outlet

    /// This is the first in line now.
    void begin() {
        if (cancelled) {
            outlet.settle();
            return;
        }
        begun = true;
        try {
            source.subscribe(this);
        } catch (Throwable t) {
            onError(t);
        }
    }

    /// Asks the source for as much as fits into the window: for a single element, while nothing is known about their size.
    void replenish() {
        Subscription upstream = this.upstream;
        long queuedBytes = outlet.queuedBytes();
        if (upstream == null || complete || stopped || queuedBytes >= WINDOW_BYTES) {
            return;
        }
        long fits = largest == 0 ? 1 : (WINDOW_BYTES - queuedBytes) / largest;
        int target = (int) Math.max(1, Math.min(WINDOW_ELEMENTS, fits));
        if (outstanding <= target / 2) { // in batches: a request may cost the source a hop
            int more = target - outstanding;
            outstanding = target;
            try {
                upstream.request(more);
            } catch (Throwable t) { // a fatal error, thrown by a source that emits at once
                sourceThrew(t);
            }
        }
    }

    /// The source, or who is told of its elements, threw what no operator turns into a signal: it has failed.
    private void sourceThrew(Throwable t) {
        if (complete) {
            Loop.threw(t, currentContext(), outlet::broken);
            return;
        }
        stopUpstream();
        sourceFailure = t;
        complete = true;
        schedule();
    }

    /// True when nothing more will come from the source.
    boolean isExhausted() {
        Queue<E> foreign = this.foreign;
        return stopped || cancelled || complete && (foreign == null || foreign.isEmpty());
    }

    /// True when the source was stopped before it had said all it had to say, and nobody asked for that.
    boolean isCutOff() {
        Queue<E> foreign = this.foreign;
        return stopped && !cancelled && (unheard || !(complete && (foreign == null || foreign.isEmpty())));
    }

    boolean isCancelled() {
        return cancelled;
    }

    /// Cuts the source off: now, or as soon as it has shown up.
    void stopSource() {
        stopped = true;
        stopUpstream();
    }

    private void stopUpstream() {
        Subscription upstream = UPSTREAM.getAndSet(this, Operators.cancelledSubscription());
        if (upstream != null && !complete) {
            try {
                upstream.cancel();
            } catch (Throwable t) {
                Loop.threw(t, currentContext(), outlet::broken);
            }
        }
    }

    /// The kernel has taken `element`, all of it.
    @SuppressWarnings("unchecked") // it is as it was emitted, unless it was a lease, which nobody is told of
    public void taken(Object element) {
        if (element instanceof Lease lease) {
            lease.close();
        } else if (whenTaken != null) {
            try {
                whenTaken.accept((E) element);
            } catch (Throwable t) {
                Loop.threw(t, currentContext(), this::sourceThrew);
            }
        }
    }

    /// The kernel will not take `element`, for `reason`. Returns true if the send goes on.
    @SuppressWarnings("unchecked") // it is as it was emitted
    public boolean refused(Object element, IOException reason) {
        if (whenRefused == null) {
            return false;
        }
        try {
            whenRefused.accept((E) element, reason);
            return true;
        } catch (Throwable t) {
            reason.addSuppressed(t);
            return false;
        }
    }

    /// `element` will not be sent.
    void discard(Object element) {
        Payload.discard(element, currentContext());
    }

    /// Ends this, which has not begun, with `reason`, in a later turn: a `retry` of what is over must not seize the loop.
    void refuse(Throwable reason) {
        Runnable end = () -> end(reason);
        outlet.loop.later(end, end);
    }

    /// The last word: `failure`, or the source's own, or completion.
    void end(@Nullable Throwable failure) {
        if (ended) {
            return;
        }
        ended = true;
        if (!begun) {
            Operators.onDiscard(source, currentContext()); // never subscribed to: the hook may release what it holds
        }
        drainForeign(true);
        Throwable own = SOURCE_FAILURE.getAndSet(this, null);
        Throwable last = failure == null ? own : own == null ? failure : Exceptions.addSuppressed(failure, own);
        if (!cancelled) {
            Loop.tellEnd(actual, last, outlet::broken);
        } else if (begun && last != null && !(last instanceof ConnectionClosedException)) { // of a close it need not learn
            Operators.onErrorDropped(last, currentContext());
        }
    }

    // ---- the source's signals, from any thread

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.setOnce(UPSTREAM, this, subscription)) {
            schedule(); // only the loop asks and cancels, so that it happens serially (§2.7)
        }
    }

    @Override
    public void onNext(E element) {
        if (outlet.loop.isCurrent() && foreign == null) {
            take(element);
            return;
        }
        Queue<E> queue = foreign;
        if (queue == null) {
            queue = new ConcurrentLinkedQueue<>();
            foreign = queue;
        }
        queue.offer(element);
        schedule();
    }

    @Override
    public void onError(Throwable failure) {
        Objects.requireNonNull(failure);
        if (complete) {
            Operators.onErrorDropped(failure, currentContext());
            return;
        }
        sourceFailure = failure;
        complete = true;
        schedule();
    }

    @Override
    public void onComplete() {
        complete = true;
        schedule();
    }

    // ---- the waiting side, from any thread

    @Override
    public void request(long n) {
        if (n <= 0) { // there is no element, so nothing else to count
            badRequest = true;
            if (queued || !outlet.loop.isCurrent()) { // else we are being greeted, and look after that
                schedule();
            }
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        schedule();
    }

    private void schedule() {
        if (outlet.loop.isCurrent()) {
            drain();
        } else if (SCHEDULED.compareAndSet(this, 0, 1) && !outlet.loop.execute(this)) {
            scheduled = 0; // a signal from here on looks for itself
            dropLate();
        }
    }

    /// Lets go of what the source has signalled after the end. The loop, and after its end any thread, also several at once.
    private void dropLate() {
        drainForeign(true);
        Throwable late = SOURCE_FAILURE.getAndSet(this, null);
        if (late != null) {
            Operators.onErrorDropped(late, currentContext());
        }
    }

    @Override
    public void run() {
        scheduled = 0; // a note taken from here on schedules again
        drain();
    }

    /// Looks at what other threads have left. The first time, gets in line.
    private void drain() {
        if (badRequest && !cancelled && !ended) {
            cancelled = true;
            Loop.tellEnd(actual, Loop.badRequest(), outlet::broken);
        }
        if (!queued) {
            queued = true;
            if (cancelled) {
                end(null);
            } else {
                outlet.enqueue(this);
            }
            return;
        }
        if (!begun) {
            if (cancelled && outlet.withdraw(this)) {
                end(null);
            }
            return;
        }
        if (cancelled || stopped || ended) {
            stopSource();
        }
        if (ended) {
            dropLate();
        }
        drainForeign(cancelled);
        replenish();
        outlet.settle();
    }

    private void drainForeign(boolean drop) {
        Queue<E> queue = foreign;
        E element;
        while (queue != null && (element = queue.poll()) != null) {
            if (drop) {
                discard(element);
            } else {
                take(element);
            }
        }
    }

    private void take(E element) {
        if (stopped || ended || cancelled) {
            unheard = true;
            discard(element);
            return;
        }
        outstanding--;
        int size = Payload.size(element);
        largest = Math.max(largest - largest / 8, Math.max(size, 1));
        outlet.accept(element, size);
        replenish();
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
            return ended;
        }
        if (key == Attr.RUN_STYLE) {
            return Attr.RunStyle.ASYNC;
        }
        return null;
    }

    private static final class SendMono<E> extends Mono<Void> implements Scannable {

        private final String name;
        private final Sender outlet;
        private final Publisher<? extends E> source;
        private final @Nullable Consumer<? super E> whenTaken;
        private final @Nullable BiConsumer<? super E, ? super IOException> whenRefused;

        SendMono(String name, Sender outlet, Publisher<? extends E> source, @Nullable Consumer<? super E> whenTaken,
                @Nullable BiConsumer<? super E, ? super IOException> whenRefused) {
            this.name = name;
            this.outlet = outlet;
            this.source = Objects.requireNonNull(source);
            this.whenTaken = whenTaken;
            this.whenRefused = whenRefused;
        }

        Mono<Void> assembled() {
            return onAssembly(this);
        }

        @Override
        public void subscribe(CoreSubscriber<? super Void> actual) {
            SendSubscriber<E> sending = new SendSubscriber<>(outlet, source, whenTaken, whenRefused, actual);
            sending.scheduled = 1; // so that nothing happens before the greeting is over
            actual.onSubscribe(sending);
            if (!outlet.loop.run(sending)) {
                sending.refuse(outlet.closedException());
            }
        }

        @Override
        @SuppressWarnings("rawtypes") // as declared by Reactor
        public @Nullable Object scanUnsafe(Attr key) {
            return key == Attr.PARENT ? source : key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
        }

        @Override
        public String stepName() {
            return "sink(" + name + ")";
        }
    }
}

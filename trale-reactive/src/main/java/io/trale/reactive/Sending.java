package io.trale.reactive;

import java.io.IOException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/// One `send`: the subscriber of its source, and the subscription of whoever waits for it to be done.
///
/// Demand cannot be taken back, so it is kept small from the start: no more is outstanding than fits into the window,
/// by the size of the largest element so far, nor more than a few elements. What the kernel takes makes room again.
final class Sending<E> implements CoreSubscriber<E>, Subscription, Runnable, Scannable {

    /// How many bytes may wait in the queue, apart from the element that exceeds it.
    static final int WINDOW_BYTES = 64 << 10;
    /// How many elements are outstanding at most, however small they are.
    static final int WINDOW_ELEMENTS = 32;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<Sending> SCHEDULED =
            AtomicIntegerFieldUpdater.newUpdater(Sending.class, "scheduled");

    private final Outlet outlet;
    private final Publisher<? extends E> source;
    private final @Nullable Consumer<? super E> whenTaken;
    private final @Nullable BiConsumer<? super E, ? super IOException> whenRefused;
    private final CoreSubscriber<? super Void> actual;

    private volatile @Nullable Subscription upstream;
    /// What the source emitted on other threads than the loop; made when needed.
    private volatile @Nullable Queue<E> foreign;
    /// The source has ended; its failure is set before.
    private volatile boolean complete;
    private @Nullable Throwable sourceFailure;
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
    /// The size of the largest element so far, 0 until there was one.
    private int largest;

    Sending(Outlet outlet, Publisher<? extends E> source, @Nullable Consumer<? super E> whenTaken,
            @Nullable BiConsumer<? super E, ? super IOException> whenRefused, CoreSubscriber<? super Void> actual) {
        this.outlet = outlet;
        this.source = source;
        this.whenTaken = whenTaken;
        this.whenRefused = whenRefused;
        this.actual = actual;
    }

    /// The cold publisher of such sends. `whenTaken` is told, on the loop, of each element that the kernel has taken, and
    /// `whenRefused` of one that it will not take, if that is the element's fault alone.
    static <E> Mono<Void> mono(String name, Outlet outlet, Publisher<? extends E> source,
            @Nullable Consumer<? super E> whenTaken, @Nullable BiConsumer<? super E, ? super IOException> whenRefused) {
        return new SendMono<>(name, outlet, source, whenTaken, whenRefused).assembled();
    }

    // ---- on the loop, called by the outlet

    /// This is the first in line now.
    void begin() {
        begun = true;
        if (cancelled || stopped) {
            outlet.settle();
            return;
        }
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

    boolean hasBegun() {
        return begun;
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
        Subscription upstream = this.upstream;
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
    void taken(Object element) {
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
    boolean refused(Object element, IOException reason) {
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

    /// Fails before it has begun, in a later turn: a `retry` of what is over must not seize the loop.
    void refuse(IOException reason) {
        Runnable end = () -> {
            if (!cancelled) {
                end(reason);
            }
        };
        outlet.loop.later(end, end);
    }

    /// The last word: `failure`, or the source's own, or completion.
    void end(@Nullable IOException failure) {
        if (ended) {
            return;
        }
        ended = true;
        drainForeign(true);
        Throwable last = failure != null ? failure : sourceFailure;
        if (cancelled) {
            if (last != null && !(failure instanceof ConnectionClosedException)) { // which is no news to one who has left
                Operators.onErrorDropped(last, currentContext());
            }
        } else {
            Loop.tellEnd(actual, last, outlet::broken);
        }
    }

    // ---- the source's signals, from any thread

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(upstream, subscription)) {
            upstream = subscription;
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
            queue = Queues.<E>unbounded(WINDOW_ELEMENTS).get();
            foreign = queue;
        }
        queue.offer(element);
        schedule();
    }

    @Override
    public void onError(Throwable failure) {
        if (complete) {
            Operators.onErrorDropped(failure, currentContext());
            return;
        }
        sourceFailure = Objects.requireNonNull(failure);
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
            scheduled = 0;
            drainForeign(true); // after the end of all, there is nobody else to do it
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
            ended = true;
            Loop.tellEnd(actual, Loop.badRequest(), outlet::broken);
        }
        if (!queued) {
            queued = true;
            outlet.enqueue(this);
            return;
        }
        if (!begun) {
            return; // in line still
        }
        if (cancelled || stopped || ended) {
            stopSource();
        }
        drainForeign(cancelled || ended);
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
        largest = Math.max(largest, Math.max(size, 1));
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
        private final Outlet outlet;
        private final Publisher<? extends E> source;
        private final @Nullable Consumer<? super E> whenTaken;
        private final @Nullable BiConsumer<? super E, ? super IOException> whenRefused;

        SendMono(String name, Outlet outlet, Publisher<? extends E> source, @Nullable Consumer<? super E> whenTaken,
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
            Sending<E> sending = new Sending<>(outlet, source, whenTaken, whenRefused, actual);
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

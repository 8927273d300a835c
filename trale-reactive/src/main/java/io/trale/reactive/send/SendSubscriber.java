package io.trale.reactive.send;

import io.trale.reactive.Lease;
import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.SourceMono;
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

/// One send: the subscriber of its source, and the subscription of the subscriber that waits for the end of the send.
///
/// **Demand.** Demand cannot be taken back, so it is small from the start: no more is outstanding than fits into the window,
/// by the size of the largest recent element, and no more than a few elements. What the kernel takes makes room again.
///
/// **States.** The state belongs to the loop. Other threads leave notes (the volatile fields) and schedule a [#drain].
///
/// ```
/// NEW -> IN_LINE -> ACTIVE -> STOPPED -> ENDED; from NEW, IN_LINE and ACTIVE also directly to ENDED
/// ```
public final class SendSubscriber<E> implements CoreSubscriber<E>, Subscription, Runnable, Scannable {

    private enum State {
        /// The first turn of the loop has not come. Then [#drain] makes it IN_LINE, or ENDED if it was cancelled before.
        NEW,
        /// The sender has it, and the source is not subscribed to. It becomes ACTIVE when it is the first in line. It is
        /// ENDED if it is cancelled, or if the sender refuses it, fails or closes.
        IN_LINE,
        /// The source is subscribed to, and its elements are accepted. It is STOPPED by a cancel, and if the sender closes or
        /// fails. It is ENDED when the source has ended and the kernel has taken everything.
        ACTIVE,
        /// The source is cancelled, and what it still emits is discarded. Elements that were accepted still go out, unless
        /// the sender has failed; after a cancel, only the rest of one that the kernel has a part of. Then it is ENDED.
        STOPPED,
        /// The subscriber has its terminal signal, unless it has cancelled. What the source still emits is dropped.
        ENDED;

        /// True if `next` may follow.
        boolean allows(State next) {
            return next.ordinal() == ordinal() + 1 || next == ENDED && this != ENDED;
        }
    }

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

    private final Sender sender;
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
    private State state = State.NEW;
    /// An element was discarded because the source is stopped.
    private boolean missed;
    private int outstanding;
    /// The size of the largest element of late, 0 until there was one: each later element takes an eighth off.
    private int largest;

    SendSubscriber(Sender sender, Publisher<? extends E> source, @Nullable Consumer<? super E> whenTaken,
            @Nullable BiConsumer<? super E, ? super IOException> whenRefused, CoreSubscriber<? super Void> actual) {
        this.sender = sender;
        this.source = source;
        this.whenTaken = whenTaken;
        this.whenRefused = whenRefused;
        this.actual = actual;
    }

    /// The cold publisher of such sends. `whenTaken` is told, on the loop, of each element that the kernel has taken, and
    /// `whenRefused` of one that it will not take, if that is the element's fault alone.
    public static <E> Mono<Void> mono(String step, Sender sender, Publisher<? extends E> source,
            @Nullable Consumer<? super E> whenTaken, @Nullable BiConsumer<? super E, ? super IOException> whenRefused) {
        Objects.requireNonNull(source);
        return new SourceMono<Void>(step, source,
                actual -> new SendSubscriber<>(sender, source, whenTaken, whenRefused, actual).subscribe()).assembled();
    }

    private void subscribe() {
        scheduled = 1; // so that nothing happens before `onSubscribe` has returned
        actual.onSubscribe(this);
        if (!sender.loop.run(this)) {
            refuse(sender.closedException());
        }
    }

    // ---- on the loop, called by the sender

    /// Called while this is the current send: subscribes to the source, and requests as much as fits into the window. Returns
    /// true if more may come from the source.
    boolean progress() {
        if (state == State.IN_LINE && !cancelled) {
            become(State.ACTIVE);
            try {
                source.subscribe(this);
            } catch (Throwable t) {
                onError(t);
            }
        }
        while (state == State.ACTIVE && !complete && request()) {}
        return state == State.ACTIVE && !cancelled && !hasCompleted();
    }

    /// Requests as much as fits into the window, in batches, since a request may cost the source a hop: a single element while
    /// no size is known. Returns false if there is no room, or enough is outstanding.
    private boolean request() {
        Subscription upstream = this.upstream;
        long queuedBytes = sender.queuedBytes();
        long fits = largest == 0 ? 1 : (WINDOW_BYTES - queuedBytes) / largest;
        int target = (int) Math.max(1, Math.min(WINDOW_ELEMENTS, fits));
        if (upstream == null || queuedBytes >= WINDOW_BYTES || outstanding > target / 2) {
            return false;
        }
        int more = target - outstanding;
        outstanding = target;
        try {
            upstream.request(more);
        } catch (Throwable t) { // a fatal error, thrown by a source that emits at once
            sourceThrew(t);
        }
        return true;
    }

    /// The source, or who is told of its elements, threw what no operator turns into a signal: it has failed.
    private void sourceThrew(Throwable t) {
        if (complete) {
            Loop.threw(t, currentContext(), sender::broken);
            return;
        }
        stopUpstream();
        sourceFailure = t;
        complete = true;
        schedule();
    }

    private void become(State next) {
        assert state.allows(next) : state + " -> " + next;
        state = next;
    }

    private boolean hasCompleted() {
        Queue<E> foreign = this.foreign;
        return complete && (foreign == null || foreign.isEmpty());
    }

    /// True if the sender has stopped the source before its end.
    private boolean isCutOff() {
        return state == State.STOPPED && !cancelled && (missed || !hasCompleted());
    }

    boolean isCancelled() {
        return cancelled;
    }

    /// Stops the source: now, or when it calls [#onSubscribe].
    void stop() {
        if (state == State.ACTIVE) {
            become(State.STOPPED);
        }
        stopUpstream();
    }

    private void stopUpstream() {
        Subscription upstream = UPSTREAM.getAndSet(this, Operators.cancelledSubscription());
        if (upstream != null && !complete) {
            try {
                upstream.cancel();
            } catch (Throwable t) {
                Loop.threw(t, currentContext(), sender::broken);
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

    /// Ends this, which has not begun, with `reason`, in a later turn: a `retry` of what is over must not seize the loop.
    private void refuse(Throwable reason) {
        Runnable end = () -> end(reason);
        sender.loop.later(end, end);
    }

    /// Ends: signals `reason`, or that the sender was closed before the end of the source, or the source's own failure, or
    /// completion.
    void end(@Nullable Throwable reason) {
        if (state == State.ENDED) {
            return;
        }
        boolean begun = state == State.ACTIVE || state == State.STOPPED;
        Throwable failure = reason == null && isCutOff() ? sender.closedException() : reason;
        become(State.ENDED);
        if (begun) {
            stopUpstream();
        } else {
            Operators.onDiscard(source, currentContext()); // never subscribed to: the hook may release what it holds
        }
        drainForeign(true);
        Throwable own = SOURCE_FAILURE.getAndSet(this, null);
        Throwable last = failure == null ? own : own == null ? failure : Exceptions.addSuppressed(failure, own);
        if (!cancelled) {
            Loop.tellEnd(actual, last, sender::broken);
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
        if (sender.loop.isCurrent() && foreign == null) {
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
            if (state != State.NEW || !sender.loop.isCurrent()) { // else we are being greeted, and look after that
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
        if (sender.loop.isCurrent()) {
            drain();
        } else if (SCHEDULED.compareAndSet(this, 0, 1) && !sender.loop.execute(this)) {
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

    /// Acts on the notes of other threads. The first call puts this in line.
    private void drain() {
        if (badRequest && !cancelled && state != State.ENDED) {
            cancelled = true;
            Loop.tellEnd(actual, Loop.badRequest(), sender::broken);
        }
        switch (state) {
            case NEW -> {
                if (cancelled) {
                    end(null);
                } else {
                    become(State.IN_LINE);
                    Throwable refusal = sender.enqueue(this);
                    if (refusal != null) {
                        refuse(refusal);
                    }
                }
            }
            case IN_LINE -> {
                if (cancelled && sender.withdraw(this)) {
                    end(null);
                }
            }
            case ACTIVE, STOPPED -> {
                if (cancelled) {
                    stop();
                }
                drainForeign(cancelled);
                sender.progress();
            }
            case ENDED -> {
                stopUpstream();
                dropLate();
            }
        }
    }

    private void drainForeign(boolean drop) {
        Queue<E> queue = foreign;
        E element;
        while (queue != null && (element = queue.poll()) != null) {
            if (drop) {
                Payload.discard(element, currentContext());
            } else {
                take(element);
            }
        }
    }

    private void take(E element) {
        if (state != State.ACTIVE || cancelled) {
            missed = true;
            Payload.discard(element, currentContext());
            return;
        }
        outstanding--;
        int size = Payload.size(element);
        largest = Math.max(largest - largest / 8, Math.max(size, 1));
        sender.accept(element, size);
        sender.progress();
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
            return state == State.ENDED;
        }
        if (key == Attr.RUN_STYLE) {
            return Attr.RunStyle.ASYNC;
        }
        return null;
    }
}

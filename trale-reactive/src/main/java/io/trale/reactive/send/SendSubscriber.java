package io.trale.reactive.send;

import io.trale.reactive.Lease;
import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.SourceMono;
import io.trale.reactive.loop.SourceSubscriber;
import java.io.IOException;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// One send: the subscriber of its source, and the subscription of the subscriber that waits for the end of the send.
///
/// **Demand.** Demand cannot be taken back, so it is small from the start: no more is outstanding than fits into the window,
/// by the size of the largest recent element, and no more than a few elements. Bytes that the kernel takes make room again.
///
/// **Threads.** The state belongs to the loop. Other threads leave notes (the volatile fields) and schedule a [#drain].
public final class SendSubscriber<E> extends SourceSubscriber<E> implements Subscription, Runnable {

    /// Each state is followed by the next one, or by ENDED.
    private enum State {
        /// `onSubscribe` may still be running. The first turn makes it IN_LINE, or ENDED if there was a cancel before.
        NEW,
        /// The source is not subscribed to. It is ACTIVE once it is the sender's current send. It is ENDED by a cancel, and if
        /// the sender refuses it, fails or closes.
        IN_LINE,
        /// The source is subscribed to, and its elements are accepted. It is STOPPED by a cancel, and if the sender closes. It is
        /// ENDED if the sender fails, or if the source has ended and the kernel has taken everything.
        ACTIVE,
        /// The source is cancelled, and what it still emits is discarded. Elements that were accepted go out, but after a cancel
        /// only the rest of one that the kernel has a part of. Then it is ENDED.
        STOPPED,
        /// The terminal signal follows at once, unless there was a cancel. What the source still emits is discarded.
        ENDED
    }

    /// How many bytes may be queued, apart from the element that exceeds it.
    static final int WINDOW_BYTES = 64 << 10;
    /// How many elements are outstanding at most, however small they are.
    static final int WINDOW_ELEMENTS = 32;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<SendSubscriber> SCHEDULED =
            AtomicIntegerFieldUpdater.newUpdater(SendSubscriber.class, "scheduled");

    private final Sender sender;
    private final Publisher<? extends E> source;
    private final @Nullable Consumer<? super E> whenTaken;
    private final @Nullable BiConsumer<? super E, ? super IOException> whenRefused;
    private final CoreSubscriber<? super Void> actual;

    /// What the source emitted on other threads than the loop; made when needed. The loop empties it; after the end of the loop,
    /// each thread that signals does.
    private volatile @Nullable Queue<E> foreign;
    private volatile boolean cancelled;
    private volatile boolean badRequest;
    private volatile int scheduled;

    // For the loop alone.
    private State state = State.NEW;
    /// An element was discarded because the source is stopped.
    private boolean missed;
    private int outstanding;
    /// The size of the largest recent element, 0 until there was one: each element takes an eighth off.
    private int largest;

    SendSubscriber(Sender sender, Publisher<? extends E> source, @Nullable Consumer<? super E> whenTaken,
            @Nullable BiConsumer<? super E, ? super IOException> whenRefused, CoreSubscriber<? super Void> actual) {
        this.sender = sender;
        this.source = source;
        this.whenTaken = whenTaken;
        this.whenRefused = whenRefused;
        this.actual = actual;
    }

    /// A cold send for each subscription. `whenTaken` is called on the loop with each element that the kernel has taken, and
    /// `whenRefused` with one that it refuses for a reason that concerns this element alone.
    public static <E> Mono<Void> mono(String step, Sender sender, Publisher<? extends E> source,
            @Nullable Consumer<? super E> whenTaken, @Nullable BiConsumer<? super E, ? super IOException> whenRefused) {
        Objects.requireNonNull(source);
        return new SourceMono<Void>(step, source,
                actual -> new SendSubscriber<>(sender, source, whenTaken, whenRefused, actual).subscribe()).assembled();
    }

    private void subscribe() {
        scheduled = 1; // nothing happens before `onSubscribe` has returned
        actual.onSubscribe(this);
        if (!sender.loop.run(this)) {
            refuse(sender.closedException());
        }
    }

    // ---- on the loop, called by the sender

    /// Called while this is the current send: subscribes to the source, and requests what fits into the window. Returns true if
    /// the source may emit more.
    boolean progress() {
        if (state == State.IN_LINE && !cancelled) {
            become(State.ACTIVE);
            try {
                source.subscribe(this);
            } catch (Throwable t) {
                onError(t);
            }
        }
        while (state == State.ACTIVE && !isComplete() && request()) {}
        return state == State.ACTIVE && !cancelled && !hasCompleted();
    }

    /// Requests what fits into the window: one element while no size is known. In batches, since a request may cost the source a
    /// hop. Returns false if there was nothing to request.
    private boolean request() {
        Subscription upstream = upstream();
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
        } catch (Throwable t) { // a fatal error in a source that emits at once
            sourceThrew(t);
        }
        return true;
    }

    /// The source or `whenTaken` threw an error that no operator has made a signal of. The source has failed.
    private void sourceThrew(Throwable t) {
        if (isComplete()) {
            Loop.threw(t, currentContext(), sender::broken);
        } else {
            stopUpstream();
            onError(t);
        }
    }

    private void become(State next) {
        assert next.ordinal() == state.ordinal() + 1 || next == State.ENDED && state != State.ENDED : state + " -> " + next;
        state = next;
    }

    private boolean hasCompleted() {
        Queue<E> foreign = this.foreign;
        return isComplete() && (foreign == null || foreign.isEmpty());
    }

    /// True if the sender has stopped the source before its end.
    private boolean isCutOff() {
        return state == State.STOPPED && !cancelled && (missed || !hasCompleted());
    }

    boolean isCancelled() {
        return cancelled;
    }

    /// Cancels the source: now, or when it calls `onSubscribe`.
    void stop() {
        if (state == State.ACTIVE) {
            become(State.STOPPED);
        }
        stopUpstream();
    }

    private void stopUpstream() {
        try {
            cancelSource();
        } catch (Throwable t) {
            Loop.threw(t, currentContext(), sender::broken);
        }
    }

    /// The kernel has taken `element`, all of it.
    @SuppressWarnings("unchecked") // leases apart, it is the element that was emitted
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

    /// The kernel has refused `element`. Returns true if the send goes on.
    @SuppressWarnings("unchecked") // it is the element that was emitted
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

    /// Fails, in a later turn, before the source was subscribed to: a `retry` cannot seize the loop.
    private void refuse(Throwable reason) {
        Runnable end = () -> end(reason);
        sender.loop.later(end, end);
    }

    /// Ends with `reason`. If that is null: with the failure of the source, with an error if the sender has stopped the source
    /// before its end, or with completion.
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
            Operators.onDiscard(source, currentContext()); // never subscribed to: the hook can release what it holds
        }
        drainForeign(true);
        Throwable own = takeFailure();
        Throwable last = failure == null ? own : own == null ? failure : Exceptions.addSuppressed(failure, own);
        if (!cancelled) {
            Loop.tellEnd(actual, last, sender::broken);
        } else if (begun && last != null && !(last instanceof ConnectionClosedException)) { // a close is no failure after a cancel
            Operators.onErrorDropped(last, currentContext());
        }
    }

    // ---- the source's signals, from any thread

    @Override
    protected void subscribed(Subscription upstream) {
        schedule(); // only the loop requests and cancels, so that both are serial (§2.7)
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
    protected void completed() {
        schedule();
    }

    // ---- the waiting side, from any thread

    @Override
    public void request(long n) {
        if (n <= 0) { // there are no elements to count
            badRequest = true;
            schedule();
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        schedule();
    }

    private void schedule() {
        if (sender.loop.isCurrent()) {
            if (state != State.NEW) { // else the first turn follows
                drain();
            }
        } else if (SCHEDULED.compareAndSet(this, 0, 1) && !sender.loop.execute(this)) {
            scheduled = 0; // a later signal comes here again
            dropLate();
        }
    }

    /// Drops what the source has signalled after the end. On the loop; after its end on any thread, also on several at once.
    private void dropLate() {
        drainForeign(true);
        dropFailure();
    }

    @Override
    public void run() {
        scheduled = 0; // a note from here on schedules again
        drain();
    }

    /// Acts on notes. The first call puts this in line.
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
        if (key == Attr.ACTUAL) {
            return actual;
        }
        if (key == Attr.CANCELLED) {
            return cancelled;
        }
        return key == Attr.TERMINATED ? state == State.ENDED : super.scanUnsafe(key);
    }
}

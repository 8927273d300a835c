package io.trale.torture;

import io.trale.torture.Tally.Count;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.scheduler.Scheduler;

/// Consumes all elements of a source with subscribers of random demand.
///
/// A subscriber requests random numbers, at once or later, on the loop or on another thread. It may cancel at random; then
/// another subscriber follows. Every violation of the Reactive Streams rules is a failure.
final class RandomDemand<T> {

    private static final int MAX_REQUEST = 8;
    private static final long MAX_DELAY_MICROS = 2000;

    private final Round round;
    private final Scheduler loop;
    private final SplittableRandom random;
    private final boolean cancels;
    private final Supplier<? extends Publisher<T>> source;
    private final Consumer<? super T> consumer;
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    private RandomDemand(Round round, Scheduler loop, SplittableRandom random, boolean cancels,
            Supplier<? extends Publisher<T>> source, Consumer<? super T> consumer) {
        this.round = round;
        this.loop = loop;
        this.random = random;
        this.cancels = cancels;
        this.source = source;
        this.consumer = consumer;
    }

    /// Passes every element of `source`, which signals on the thread of `loop`, to `consumer`. The result completes when the
    /// source completes, and fails if the source or the consumer fails.
    static <T> CompletableFuture<Void> take(Round round, Scheduler loop, SplittableRandom random, boolean cancels,
            Supplier<? extends Publisher<T>> source, Consumer<? super T> consumer) {
        RandomDemand<T> taker = new RandomDemand<>(round, loop, random, cancels, source, consumer);
        round.onCutOff(taker::cutOff);
        taker.subscribe();
        return taker.end;
    }

    private void subscribe() {
        onLoop(() -> source.get().subscribe(new One()), 0);
    }

    private void onLoop(Runnable action, long delayMicros) {
        try {
            loop.schedule(action, delayMicros, TimeUnit.MICROSECONDS);
        } catch (RejectedExecutionException e) {
            fail(e);
        }
    }

    /// Ends the work if its loop has been closed: the loop may have accepted tasks which it did not run.
    private void cutOff() {
        if (loop.isDisposed()) {
            end.completeExceptionally(new CancellationException("the loop was closed"));
        }
    }

    private void check(boolean condition, String otherwise) {
        if (!condition) {
            fail(new AssertionError(otherwise));
        }
    }

    private void fail(Throwable failure) {
        if (!Round.isOrdinary(failure)) {
            round.fail(failure);
        }
        end.completeExceptionally(failure);
    }

    /// One subscriber.
    private final class One implements CoreSubscriber<T> {

        private final Thread loopThread = Thread.currentThread();
        private final AtomicLong demand = new AtomicLong();
        private Subscription subscription;
        private long received;
        private long left;
        private boolean inside;
        /// True after a cancel on the loop: no signal may follow.
        private boolean cancelled;
        /// True if a cancel has been called or scheduled.
        private volatile boolean cancelling;
        private boolean over;

        @Override
        public void onSubscribe(Subscription s) {
            check(subscription == null, "onSubscribe twice");
            subscription = s;
            requestMore();
        }

        private void requestMore() {
            int choice = random.nextInt(cancels ? 12 : 10);
            left = 1 + random.nextInt(MAX_REQUEST);
            long count = left;
            switch (choice) {
                case 0 -> onOtherThread(() -> request(count));
                case 1 -> onLoop(() -> request(count), random.nextLong(MAX_DELAY_MICROS));
                case 10 -> {
                    request(count);
                    cancelLater(() -> onOtherThread(this::cancel));
                }
                case 11 -> {
                    cancelled = true;
                    cancelLater(this::cancel);
                }
                default -> request(count);
            }
        }

        private void request(long count) {
            demand.addAndGet(count);
            subscription.request(count);
        }

        private void onOtherThread(Runnable action) {
            round.pool.execute(action);
        }

        private void cancelLater(Runnable how) {
            cancelling = true;
            round.tally.one(Count.CANCELS);
            how.run();
        }

        private void cancel() {
            subscription.cancel();
            subscribe();
        }

        private void enter(String signal) {
            check(Thread.currentThread() == loopThread, signal + " on " + Thread.currentThread());
            check(!inside, signal + " inside another signal");
            check(!over, signal + " after the end");
            check(!cancelled, signal + " after cancel");
            inside = true;
        }

        @Override
        public void onNext(T element) {
            enter("onNext");
            received++;
            check(received <= demand.get(), "onNext " + received + " with a demand of " + demand);
            try {
                consumer.accept(element);
            } catch (Throwable t) {
                fail(t);
            }
            inside = false;
            left--;
            if (left == 0 && !cancelling) {
                requestMore();
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (!round.isCutOff()) { // another thread may signal the end of a loop
                enter("onError(" + failure + ")");
                inside = false;
            }
            over = true;
            if (!cancelling || round.isCutOff()) {
                end.completeExceptionally(failure);
            }
        }

        @Override
        public void onComplete() {
            enter("onComplete");
            over = true;
            inside = false;
            if (!cancelling) {
                end.complete(null);
            }
        }
    }
}

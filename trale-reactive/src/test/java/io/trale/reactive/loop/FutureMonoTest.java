package io.trale.reactive.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.reactive.Internals;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

@Timeout(60)
class FutureMonoTest {

    private final Trale trale = Trale.start();
    private final Loop loop = Internals.loop(trale);

    @AfterEach
    void stop() {
        trale.close();
    }

    @Test
    void closeOfTheLoopReleasesAValueWithoutDemand() {
        CompletableFuture<Integer> made = new CompletableFuture<>();
        CompletableFuture<Integer> unwanted = new CompletableFuture<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        new FutureMono<>(loop, () -> new ReadyFuture<>(() -> {
            made.complete(7);
            return 7;
        }), unwanted::complete).subscribe(new BaseSubscriber<Integer>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {}

            @Override
            protected void hookOnError(Throwable failure) {
                end.complete(failure);
            }
        });
        Support.get(made);
        trale.close();
        assertThat(Support.get(end)).isInstanceOf(ClosedChannelException.class);
        assertThat(unwanted).isCompletedWithValue(7);
    }

    /// As a future may that has more to do at once.
    @Test
    void wakeInsideOfThePollPollsAgain() {
        AtomicInteger polls = new AtomicInteger();
        assertThat(new FutureMono<Integer>(loop, () -> new Future<>() {
            @Override
            public boolean poll(Waker waker) {
                waker.wake();
                return polls.incrementAndGet() == 3;
            }

            @Override
            public Integer result() {
                return polls.get();
            }
        }, unwanted -> { }).block(Duration.ofMinutes(1))).isEqualTo(3);
    }

    @Test
    void cancelWhileItWaitsCancelsTheFutureOnce() {
        CompletableFuture<Void> polled = new CompletableFuture<>();
        CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
        AtomicInteger cancels = new AtomicInteger();
        var subscription = new FutureMono<Integer>(loop, () -> new Future<>() {
            @Override
            public boolean poll(Waker waker) {
                polled.complete(null);
                return false;
            }

            @Override
            public Integer result() {
                throw new AssertionError("not complete");
            }

            @Override
            public void cancel() {
                cancels.incrementAndGet();
                cancelled.complete(loop.isCurrent());
            }
        }, unwanted -> { }).subscribe();
        Support.get(polled);
        subscription.dispose();
        assertThat(Support.get(cancelled)).as("on the loop").isTrue();
        trale.close();
        assertThat(cancels).hasValue(1);
    }
}

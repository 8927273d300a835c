package io.trale.reactive.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Event;
import io.trale.reactive.Sink;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/// Events on the real kernel: signals from any thread are counted once, and wait for demand in the kernel.
@Timeout(60)
class EventTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);

    private Trale trale;
    private Event event;

    @BeforeEach
    void start() {
        trale = Trale.start();
        event = trale.event().block(LIMIT);
    }

    @AfterEach
    void stop() {
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().unknown()).isZero();
    }

    // ---- demand

    @Test
    void withoutDemandNothingIsInFlightAndTheKernelCounts() {
        StepVerifier.create(event.signals(), 0)
                .expectSubscription()
                .then(() -> {
                    long enters = Support.asleep(trale);
                    for (int i = 0; i < 1000; i++) {
                        event.signal();
                    }
                    assertThat(trale.stats().enters()).as("enters of a loop without demand").isEqualTo(enters);
                    assertThat(trale.stats().inFlight()).isZero();
                })
                .thenRequest(1)
                .expectNext(1000L)
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isZero())
                .then(() -> event.signal(7))
                .thenRequest(1)
                .expectNext(7L)
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void oneReadIsInFlightAtAnyDemand() {
        StepVerifier.create(event.signals(), 1)
                .expectSubscription()
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isEqualTo(1))
                .thenRequest(Long.MAX_VALUE)
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isEqualTo(1))
                .thenCancel()
                .verify(LIMIT);
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
    }

    @Test
    void signalsOfManyThreadsAddUp() {
        int threads = 8;
        int each = 20_000;
        for (int t = 0; t < threads; t++) {
            Thread.ofPlatform().start(() -> {
                for (int i = 0; i < each; i++) {
                    event.signal();
                }
            });
        }
        AtomicLong sum = new AtomicLong();
        event.signals().takeUntil(count -> sum.addAndGet(count) >= (long) threads * each).blockLast(LIMIT);
        assertThat(sum).hasValue((long) threads * each);
    }

    // ---- one subscriber after the other

    @Test
    void signalsBetweenTwoSubscribersGoToTheSecond() {
        event.signal(2);
        assertThat(event.signals().blockFirst(LIMIT)).isEqualTo(2);
        event.signal(3);
        assertThat(event.signals().blockFirst(LIMIT)).isEqualTo(3);
    }

    /// The subscriber of another event cancels ours, whose completion follows in the same batch. There are two others: one is
    /// signalled before ours and one after it, because kernels differ in which completes first.
    @Test
    void aCountReadAfterACancelGoesToTheNextSubscriber() {
        Event before = trale.event().block(LIMIT);
        Event after = trale.event().block(LIMIT);
        BaseSubscriber<Long> leaving = new BaseSubscriber<>() {
            @Override
            protected void hookOnNext(Long count) {
                throw new AssertionError("cancelled before");
            }
        };
        before.signals().subscribe(count -> leaving.cancel());
        after.signals().subscribe(count -> leaving.cancel());
        event.signals().subscribe(leaving);
        Support.asleep(trale);
        Support.onLoop(trale, () -> {
            before.signal();
            event.signal(5);
            after.signal();
            return null;
        });
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).as("the counts of the others").isEqualTo(2);
        long submitted = Support.submitted(trale);
        assertThat(event.signals().blockFirst(LIMIT)).isEqualTo(5);
        assertThat(Support.submitted(trale)).as("entries for a count that had been read").isEqualTo(submitted);
    }

    @Test
    void aSecondSubscriberFailsAndTheFirstContinues() {
        StepVerifier.create(event.signals())
                .expectSubscription()
                .then(() -> StepVerifier.create(event.signals()).expectErrorSatisfies(failure ->
                        assertThat(failure).isInstanceOf(IllegalStateException.class)
                                .hasMessageContaining("has a subscriber")).verify(LIMIT))
                .then(() -> event.signal())
                .expectNext(1L)
                .thenCancel()
                .verify(LIMIT);
    }

    // ---- bounds

    @Test
    void signalsBeyondTheRangeOfTheCounterAreRefused() {
        event.signal(Long.MAX_VALUE - 1);
        event.signal(Long.MAX_VALUE);
        event.signal(1); // 2^64 - 2 in total
        assertThatThrownBy(event::signal).isInstanceOf(IllegalStateException.class).hasMessageContaining("2^64 - 2");
        StepVerifier.create(event.signals())
                .expectNext(Long.MAX_VALUE, Long.MAX_VALUE) // the largest number of one element
                .then(() -> event.signal())
                .expectNext(1L)
                .thenCancel()
                .verify(LIMIT);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void lessThanOneSignalIsRefused(long count) {
        assertThatThrownBy(() -> event.signal(count)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Long.toString(count));
    }

    // ---- the sink

    @Test
    void theElementsOfAPublisherAreSignals() {
        event.signal(Flux.range(1, 100).map(Integer::longValue)).block(LIMIT);
        assertThat(event.signals().blockFirst(LIMIT)).isEqualTo(5050);
    }

    @Test
    void aRefusedSignalCancelsThePublisherAndFails() {
        AtomicBoolean cancelled = new AtomicBoolean();
        StepVerifier.create(event.signal(Flux.just(1L, Long.MAX_VALUE, Long.MAX_VALUE, 4L).doOnCancel(() -> cancelled.set(true))))
                .expectErrorSatisfies(failure -> assertThat(failure).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("2^64 - 2"))
                .verify(LIMIT);
        assertThat(cancelled).isTrue();
        StepVerifier.create(event.signals()).expectNext(Long.MAX_VALUE, 1L).thenCancel().verify(LIMIT);
    }

    @Test
    void aSinkSignalsItsElements() {
        Sink<Long> sink = event.sink();
        Flux.just(1L, 2L, 3L).subscribe(sink);
        sink.onEnd().block(LIMIT);
        assertThat(event.signals().blockFirst(LIMIT)).isEqualTo(6);
    }

    // ---- the end

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void disposeCompletesTheSubscriberAndClosesTheDescriptor(long demand) {
        int before = Support.descriptors();
        StepVerifier.create(event.signals(), demand)
                .expectSubscription()
                .then(() -> Support.asleep(trale))
                .then(event::dispose)
                .expectComplete()
                .verify(LIMIT);
        assertThat(event.isDisposed()).isTrue();
        Support.untilDescriptors(before - 1);
        assertThatThrownBy(event::signal).isInstanceOf(IllegalStateException.class).hasMessage("the event is closed");
        StepVerifier.create(event.signals()).expectComplete().verify(LIMIT);
        event.dispose();
    }

    @Test
    void disposeInsideOnNextCompletes() {
        event.signal();
        StepVerifier.create(event.signals().doOnNext(count -> event.dispose())).expectNext(1L).expectComplete().verify(LIMIT);
    }

    @Test
    void closingTheLoopInsideOnNextEndsWithoutDemand() {
        CompletableFuture<Void> end = new CompletableFuture<>();
        event.signals().subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                request(1);
            }

            @Override
            protected void hookOnNext(Long count) {
                trale.close();
            }

            @Override
            protected void hookOnComplete() {
                end.complete(null);
            }
        });
        event.signal();
        Support.get(end);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void closingTheLoopEndsTheSubscriberAtAnyDemand(long demand) {
        StepVerifier.create(event.signals(), demand)
                .expectSubscription()
                .then(() -> Support.asleep(trale))
                .then(() -> trale.close())
                .expectComplete()
                .verify(LIMIT);
        assertThatThrownBy(event::signal).isInstanceOf(IllegalStateException.class);
        StepVerifier.create(event.signals()).expectComplete().verify(LIMIT);
        StepVerifier.create(trale.event()).expectError(ClosedChannelException.class).verify(LIMIT);
    }

    /// Signals and disposes concurrently: each signal is either sent or refused, and reaches no other descriptor.
    @Test
    void signalsThatRaceWithDisposeAreSentOrRefused() throws Exception {
        List<Thread> threads = new ArrayList<>();
        Queue<String> refusals = new ConcurrentLinkedQueue<>();
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        event.signal();
                    }
                } catch (IllegalStateException disposed) {
                    refusals.add(disposed.getMessage());
                }
            }));
        }
        assertThat(event.signals().take(10).count().block(LIMIT)).isEqualTo(10);
        event.dispose();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(refusals).hasSize(4).containsOnly("the event is closed");
    }
}

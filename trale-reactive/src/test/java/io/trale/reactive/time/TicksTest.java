package io.trale.reactive.time;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Tick;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.Support;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/// Ticks on the real kernel: the timer is read on demand only, and every period is counted once.
@Timeout(60)
class TicksTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);
    private static final Duration MILLISECOND = Duration.ofMillis(1);
    private static final Duration NEVER = Duration.ofDays(100_000);

    private Trale trale;

    @BeforeEach
    void start() {
        trale = Trale.start();
    }

    @AfterEach
    void stop() {
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().unknown()).isZero();
    }

    /// Waits until `count` milliseconds have passed, by the kernel's clock and another loop's timer.
    private static void milliseconds(int count) {
        try (Trale other = Trale.start()) {
            other.ticks(MILLISECOND).takeUntil(tick -> tick.sequence() >= count - 1).blockLast(LIMIT);
        }
    }

    @ParameterizedTest
    @MethodSource("longPeriods")
    void aPeriodOfAnyLengthIsAccepted(Duration period) {
        assertThat(trale.ticks(Duration.ZERO, period).next().block(LIMIT)).isEqualTo(new Tick(0, 0));
    }

    static Stream<Duration> longPeriods() {
        return Stream.of(Duration.ofMillis(Long.MAX_VALUE), ChronoUnit.FOREVER.getDuration());
    }

    @Test
    void ticksAreNumberedFromZeroAndCountMissedPeriods() {
        List<Tick> ticks = trale.ticks(MILLISECOND).take(20).collectList().block(LIMIT);
        assertThat(ticks).hasSize(20);
        long next = 0;
        for (Tick tick : ticks) {
            assertThat(tick.sequence()).isEqualTo(next + tick.missed());
            next = tick.sequence() + 1;
        }
    }

    @Test
    void withoutDemandNothingIsInFlightAndTheKernelCounts() {
        StepVerifier.create(trale.ticks(MILLISECOND), 0)
                .then(() -> {
                    long enters = Support.asleep(trale);
                    milliseconds(20);
                    assertThat(trale.stats().enters()).as("enters of a loop without demand").isEqualTo(enters);
                    assertThat(trale.stats().inFlight()).isZero();
                })
                .thenRequest(1)
                .assertNext(tick -> {
                    assertThat(tick.sequence()).isGreaterThanOrEqualTo(19);
                    assertThat(tick.missed()).as("one tick for all of them").isEqualTo(tick.sequence());
                })
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isZero())
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void oneReadIsInFlightAtAnyDemand() {
        StepVerifier.create(trale.ticks(NEVER), 1)
                .expectSubscription()
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isEqualTo(1))
                .thenRequest(1000)
                .thenRequest(Long.MAX_VALUE)
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).isEqualTo(1))
                .thenCancel()
                .verify(LIMIT);
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
    }

    @Test
    void eachSubscriptionHasATimerThatItsEndCloses() {
        Support.asleep(trale);
        int before = Support.descriptors();
        Flux<Tick> ticks = trale.ticks(Duration.ZERO, NEVER);
        assertThat(Support.descriptors()).as("cold").isEqualTo(before);
        StepVerifier.create(Flux.merge(ticks.take(1), ticks.take(1), ticks.take(1)).map(Tick::sequence))
                .expectNext(0L, 0L, 0L)
                .expectComplete()
                .verify(LIMIT);
        Support.untilDescriptors(before);
        StepVerifier.create(ticks, 0)
                .expectSubscription()
                .then(() -> Support.until("a timer", () -> Support.descriptors() == before + 1))
                .thenCancel()
                .verify(LIMIT);
        Support.untilDescriptors(before);
    }

    @Test
    void theFirstTickMayComeAtOnce() {
        StepVerifier.create(trale.ticks(Duration.ZERO, NEVER)).expectNext(new Tick(0, 0)).thenCancel().verify(LIMIT);
    }

    @Test
    void ticksOfOneNanosecondAreCountedBeyondTheRangeOfAnInt() {
        StepVerifier.create(trale.ticks(Duration.ofNanos(1)), 0)
                .expectSubscription()
                .then(() -> milliseconds(2200))
                .thenRequest(1)
                .assertNext(tick -> assertThat(tick.sequence()).isGreaterThan(Integer.MAX_VALUE)
                        .isEqualTo(tick.missed()))
                .thenCancel()
                .verify(LIMIT);
    }

    @ParameterizedTest
    @CsvSource({"PT-1S, PT1S", "PT1S, PT-1S", "PT1S, PT0S"})
    void invalidDurationsThrow(Duration first, Duration period) {
        assertThatThrownBy(() -> trale.ticks(first, period)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(first.toString()).hasMessageContaining(period.toString());
    }

    @ParameterizedTest
    @CsvSource({"0", "1"})
    void closingTheLoopEndsTheSubscriberAtAnyDemand(long demand) {
        StepVerifier.create(trale.ticks(NEVER), demand)
                .expectSubscription()
                .then(() -> Support.asleep(trale))
                .then(() -> trale.close())
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(trale.ticks(NEVER)).expectComplete().verify(LIMIT);
    }

    /// The first subscriber throws in its terminal signal; the second still gets its own.
    @Test
    void aSubscriberThatThrowsOnCloseDoesNotHideItFromOthers() {
        CompletableFuture<Void> completed = new CompletableFuture<>();
        trale.ticks(NEVER).subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {}

            @Override
            protected void hookOnComplete() {
                throw new IllegalStateException("thrown by onComplete");
            }
        });
        trale.ticks(NEVER).subscribe(tick -> { }, null, () -> completed.complete(null));
        Support.asleep(trale);
        trale.close();
        assertThat(completed).isCompleted();
    }
}

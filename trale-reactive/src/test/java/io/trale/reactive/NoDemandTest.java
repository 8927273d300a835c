package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Sources.Kind;
import io.trale.reactive.Sources.Source;
import io.trale.reactive.testing.RuleCheckingSubscriber;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.nio.channels.ClosedChannelException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/// The demand of every source reaches the kernel: without demand nothing is in flight, and the loop sleeps even if the source
/// has data.
@Timeout(60)
@ParameterizedClass
@MethodSource("io.trale.reactive.Sources#all")
class NoDemandTest {

    private final Kind kind;
    private Trale trale;
    private Source source;

    NoDemandTest(Kind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void start() {
        trale = Trale.start(ExecutorOptions.defaults().receiveBuffers(64, 1).leaseBuffers(64, 1));
        source = kind.make().apply(trale);
    }

    @AfterEach
    void stop() {
        source.close().run();
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().unknown()).isZero();
    }

    /// Counts elements; requests nothing by itself.
    private static class Counting extends BaseSubscriber<Object> {

        private final AtomicInteger count = new AtomicInteger();

        @Override
        protected void hookOnSubscribe(Subscription subscription) {}

        @Override
        protected void hookOnNext(Object element) {
            switch (element) {
                case Lease lease -> lease.close();
                case Connection connection -> connection.abort();
                default -> { }
            }
            count.incrementAndGet();
        }
    }

    private void assertSleeps(String when) {
        Support.untilIdle(trale); // a cancelled source is closed through the ring
        long enters = Support.asleep(trale);
        assertThat(trale.stats().inFlight()).as("operations in flight %s", when).isZero();
        Support.meanwhile();
        assertThat(trale.stats().inFlight()).as("operations in flight %s", when).isZero();
        assertThat(trale.stats().enters()).as("enters %s", when).isEqualTo(enters);
    }

    @Test
    void theLoopSleepsWithoutDemandOnABusySource() {
        Counting subscriber = new Counting();
        source.busy().subscribe(subscriber);
        assertSleeps("before any demand");
        for (int demand : new int[] {1, 5}) {
            int total = subscriber.count.get() + demand;
            subscriber.request(demand);
            Support.until(total + " elements", () -> subscriber.count.get() == total);
            assertSleeps("when the demand is met");
            assertThat(subscriber.count.get()).isEqualTo(total);
        }
        subscriber.cancel();
        assertSleeps("after a cancel");
    }

    /// §3.17, for requests on the loop and on other threads that add up. The official suite tests only that they do not fail.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void demandBeyondLongMaxValueIsUnbounded(boolean onLoop) {
        Counting subscriber = new Counting() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(Long.MAX_VALUE - 1);
                subscription.request(Long.MAX_VALUE - 1);
            }
        };
        if (onLoop) {
            trale.loop.execute(() -> source.busy().subscribe(subscriber));
        } else {
            source.busy().subscribe(subscriber);
        }
        Support.until("elements", () -> subscriber.count.get() > 0);
        subscriber.request(Long.MAX_VALUE - 1);
        Support.onLoop(trale, () -> null);
        int soFar = subscriber.count.get();
        Support.until("more elements", () -> subscriber.count.get() > soFar + 1);
        subscriber.cancel();
        assertSleeps("after a cancel");
    }

    /// Completes a future with its terminal signal; cancels in `onSubscribe` if it is hasty.
    private static final class LateSubscriber extends RuleCheckingSubscriber<Object> {

        private final boolean hasty;
        private final CompletableFuture<Optional<Throwable>> end = new CompletableFuture<>();

        LateSubscriber(boolean hasty) {
            this.hasty = hasty;
        }

        @Override
        protected boolean signalsComeAnywhere() {
            return true; // the loop has ended
        }

        @Override
        protected void start() {
            if (hasty) {
                cancel();
            }
        }

        @Override
        protected void element(Object element) {}

        @Override
        protected void end(Throwable failure) {
            end.complete(Optional.ofNullable(failure));
        }
    }

    @Test
    void aSubscriptionOnAClosedLoopEndsUnlessCancelled() {
        trale.close();
        LateSubscriber hasty = new LateSubscriber(true);
        LateSubscriber patient = new LateSubscriber(false);
        source.silent().subscribe(hasty);
        source.silent().subscribe(patient);
        Optional<Throwable> end = Support.get(patient.end);
        if (kind.isEndless()) {
            assertThat(end).isEmpty();
        } else {
            assertThat(end).get().isInstanceOf(ClosedChannelException.class);
        }
        assertThat(patient.breaches).isEmpty();
        assertThat(hasty.breaches).isEmpty();
        assertThat(hasty.end).isNotDone();
    }

    @Test
    void aRequestOfOneIsOneOperationUntilACancel() {
        Counting subscriber = new Counting();
        source.silent().subscribe(subscriber);
        assertSleeps("before any demand");
        subscriber.request(1);
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isEqualTo(1);
        subscriber.cancel();
        assertSleeps("after a cancel");
    }
}

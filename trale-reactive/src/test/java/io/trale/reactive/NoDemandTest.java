package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Sources.Kind;
import io.trale.reactive.Sources.Source;
import io.trale.task.ExecutorOptions;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
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

/// Demand that reaches the kernel, of every source there is: with none nothing is in flight, and whatever the source has to
/// tell, the loop sleeps.
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

    /// Counts what it gets, and asks for nothing by itself.
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
        long enters = Support.asleep(trale);
        assertThat(trale.stats().inFlight()).as("operations in flight %s", when).isZero();
        Support.meanwhile();
        assertThat(trale.stats().inFlight()).as("operations in flight %s", when).isZero();
        assertThat(trale.stats().enters()).as("enters %s", when).isEqualTo(enters);
    }

    @Test
    void theLoopSleepsWhileNothingIsAskedOfASourceThatHasMuchToTell() {
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

    /// §3.17, on the loop and from elsewhere, as a sum: the official suite sees to it only that this is no error.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void demandBeyondTheLargestNumberIsWithoutBound(boolean onLoop) {
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

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClosedLoopIsToldToThoseWhoStay(boolean hasty) {
        trale.close();
        List<Throwable> ends = new ArrayList<>();
        Strict<Object> subscriber = new Strict<>() {
            @Override
            void start() {
                if (hasty) {
                    cancel();
                }
            }

            @Override
            void element(Object element) {}

            @Override
            void end(Throwable failure) {
                ends.add(failure);
            }
        };
        source.silent().subscribe(subscriber);
        assertThat(subscriber.breaches).isEmpty();
        if (hasty) {
            assertThat(ends).isEmpty();
        } else {
            assertThat(ends).singleElement().isInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void oneElementAskedForIsOneOperationInFlightUntilACancel() {
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

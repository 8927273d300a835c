package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Sources.Kind;
import io.trale.reactive.Sources.Source;
import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/// Reactor's operators and hooks work with every source and view, and leave nothing in flight and no descriptor open.
@Timeout(60)
@ParameterizedClass
@MethodSource("io.trale.reactive.Sources#all")
class OperatorsTest {

    private static final Duration LIMIT = Duration.ofSeconds(Support.PATIENCE_SECONDS);
    private static final int COUNT = 60;

    private final Kind kind;
    private final CompletableFuture<Throwable> uncaught = new CompletableFuture<>();
    private int descriptors;
    private Trale trale;
    private Source source;

    OperatorsTest(Kind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void start() {
        descriptors = Support.descriptors();
        trale = Trale.start(ExecutorOptions.defaults().receiveBuffers(16, 1).leaseBuffers(16, 1)
                .uncaught(uncaught::complete));
        source = kind.make().apply(trale);
    }

    @AfterEach
    void stop() {
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
        source.close().run();
        trale.close();
        assertThat(trale.stats().unknown()).isZero();
        Support.untilDescriptors(descriptors);
    }

    /// The busy source; elements are released.
    private Flux<Object> elements() {
        return source.busy().doOnNext(OperatorsTest::release).doOnDiscard(Object.class, OperatorsTest::release);
    }

    private static void release(Object element) {
        switch (element) {
            case Connection connection -> connection.abort();
            case Lease lease -> lease.close();
            default -> { }
        }
    }

    private static void expect(Flux<?> flux, int count) {
        StepVerifier.create(flux).expectNextCount(count).expectComplete().verify(LIMIT);
    }

    // ---- operators

    @Test
    void publishOn() {
        expect(elements().publishOn(Schedulers.parallel(), 4).take(COUNT), COUNT);
    }

    @Test
    void subscribeOn() {
        expect(elements().subscribeOn(Schedulers.parallel()).take(COUNT), COUNT);
    }

    @Test
    void flatMap() {
        expect(elements().take(COUNT).flatMap(element -> Mono.just(element).publishOn(Schedulers.parallel()), 4), COUNT);
    }

    @Test
    void groupBy() {
        Flux<Long> counts = elements().index().take(COUNT).groupBy(numbered -> numbered.getT1() % 3).flatMap(Flux::count);
        StepVerifier.create(counts).expectNext(COUNT / 3L, COUNT / 3L, COUNT / 3L).expectComplete().verify(LIMIT);
    }

    @Test
    void retry() {
        AtomicInteger seen = new AtomicInteger();
        Flux<Object> failing = elements().doOnNext(element -> {
            if (seen.incrementAndGet() % 5 == 0) {
                throw new IllegalStateException("every fifth");
            }
        });
        expect(failing.retry().take(COUNT), COUNT);
        assertThat(seen.get()).isGreaterThan(COUNT);
    }

    @Test
    void repeat() {
        expect(elements().take(5).repeat(COUNT / 5 - 1), COUNT);
    }

    @Test
    void timeoutThatIsNotReached() {
        expect(elements().timeout(LIMIT).take(COUNT), COUNT);
    }

    @Test
    void timeoutThatIsReached() {
        StepVerifier.create(source.silent().timeout(Duration.ofMillis(1))).expectError(TimeoutException.class).verify(LIMIT);
    }

    @Test
    void window() {
        expect(elements().take(COUNT).window(10).flatMap(Flux::count).filter(count -> count == 10), COUNT / 10);
    }

    @Test
    void buffer() {
        expect(elements().buffer(10).take(COUNT / 10), COUNT / 10);
    }

    @Test
    void limitRate() {
        AtomicLong most = new AtomicLong();
        expect(elements().doOnRequest(n -> most.accumulateAndGet(n, Math::max)).limitRate(8).take(COUNT), COUNT);
        assertThat(most).hasValueLessThanOrEqualTo(8);
    }

    @Test
    void stepByStep() {
        StepVerifier.create(elements(), 0)
                .expectSubscription()
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).as("in flight without demand").isZero())
                .thenRequest(1).expectNextCount(1)
                .thenRequest(2).expectNextCount(2)
                .then(() -> Support.asleep(trale))
                .then(() -> assertThat(trale.stats().inFlight()).as("in flight without demand").isZero())
                .thenCancel()
                .verify(LIMIT);
    }

    // ---- context and hooks

    @Test
    void theContextIsVisibleUpstream() {
        Flux<String> seen = elements().take(COUNT)
                .flatMap(element -> Mono.deferContextual(context -> Mono.just(context.<String>get("key"))))
                .contextWrite(context -> context.put("key", "value"));
        StepVerifier.create(seen.distinct()).expectNext("value").expectComplete().verify(LIMIT);
    }

    @Test
    void scansAndHooksSeeTheName() {
        Queue<String> assembled = new ConcurrentLinkedQueue<>();
        Hooks.onEachOperator("seen", publisher -> {
            assembled.add(Scannable.from(publisher).stepName());
            return publisher;
        });
        Source again;
        try {
            again = kind.make().apply(trale);
        } finally {
            Hooks.resetOnEachOperator("seen");
        }
        again.close().run();
        Scannable scannable = Scannable.from(source.busy());
        assertThat(scannable.isScanAvailable()).isTrue();
        assertThat(scannable.stepName()).isEqualTo(kind.step()).isIn(assembled);
        assertThat(scannable.scan(Scannable.Attr.RUN_STYLE)).isEqualTo(kind.style());
    }

    @Test
    void operatorDebugNamesTheOriginOfAFailure() {
        Hooks.onOperatorDebug();
        try {
            source.close().run();
            source = kind.make().apply(trale);
            Flux<Object> failing = elements().index().map(numbered -> {
                if (numbered.getT1() == 3) {
                    throw new IllegalStateException("the fourth");
                }
                return numbered;
            });
            StepVerifier.create(failing).expectNextCount(3).expectErrorSatisfies(failure ->
                    assertThat(failure.getSuppressed()).singleElement().satisfies(trace ->
                            assertThat(trace).hasMessageContaining("Flux.map").hasMessageContaining("OperatorsTest")))
                    .verify(LIMIT);
        } finally {
            Hooks.resetOnOperatorDebug();
        }
    }

    /// §2.13 forbids a subscriber to throw. If it does, it is treated as cancelled.
    private record Throwing(Throwable thrown, CompletableFuture<Throwable> dropped) implements CoreSubscriber<Object> {

        @Override
        public Context currentContext() {
            Consumer<Throwable> hook = dropped::complete;
            return Context.of("reactor.onErrorDropped.local", hook);
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(1);
        }

        @Override
        public void onNext(Object element) {
            release(element);
            throw Exceptions.propagate(thrown);
        }

        @Override
        public void onError(Throwable failure) {
            dropped.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            dropped.completeExceptionally(new AssertionError("completed"));
        }
    }

    @Test
    void aThrowingSubscriberGoesToTheHookAndTheNextContinues() {
        Throwing throwing = new Throwing(new IllegalStateException("on purpose"), new CompletableFuture<>());
        source.busy().subscribe(throwing);
        assertThat(Support.get(throwing.dropped)).isSameAs(throwing.thrown);
        expect(elements().take(COUNT), COUNT);
    }

    /// Reactor regards the error as fatal and does not catch it: it goes to the executor's handler, and aborts a connection.
    @Test
    void aSubscriberWithALinkageErrorIsTreatedAsCancelled() {
        Throwing throwing = new Throwing(new NoClassDefFoundError("on purpose"), new CompletableFuture<>());
        source.busy().subscribe(throwing);
        assertThat(Support.get(uncaught)).isSameAs(throwing.thrown);
        if (kind.isOfConnection()) {
            StepVerifier.create(elements()).expectError(ConnectionClosedException.class).verify(LIMIT);
        } else {
            expect(elements().take(COUNT), COUNT);
        }
    }
}

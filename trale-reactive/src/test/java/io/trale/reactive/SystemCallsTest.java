package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.testing.CountedKernel;
import io.trale.reactive.testing.CountedKernel.Calls;
import io.trale.reactive.testing.ReceiveKind;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import io.trale.task.ExecutorOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// The system calls per element, all of which are counted: one `io_uring_enter(2)` with constant demand, two if each element is
/// requested separately, and no other call on the loop.
@Timeout(60)
class SystemCallsTest {

    /// Allowance for calls that occur once: subscribing, opening, mapping memory, ending.
    private static final int ONCE = 16;

    private static final int SLOW = 50;
    private static final Duration PAUSE = Duration.ofMillis(2);
    private static final int FAST = 1000;
    private static final int CHUNK = 4096;

    private final CountedKernel kernel = new CountedKernel();
    private Trale trale;

    @BeforeEach
    void start() {
        trale = Trale.start(kernel.kernel(), ExecutorOptions.defaults());
    }

    @AfterEach
    void stop() {
        trale.close();
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(trale.stats().unknown()).isZero();
        assertThat(kernel.calls().enters()).as("total enters").isEqualTo(trale.stats().enters());
    }

    /// Takes a number of elements, and requests each after a pause.
    private static final class Slow extends BaseSubscriber<Object> {

        private final Scheduler scheduler;
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private int left = SLOW;

        Slow(Scheduler scheduler) {
            this.scheduler = scheduler;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            subscription.request(1);
        }

        @Override
        protected void hookOnNext(Object element) {
            if (--left == 0) {
                done.complete(null);
            } else {
                Mono.delay(PAUSE, scheduler).subscribe(over -> request(1));
            }
        }
    }

    private Calls slowly(Flux<?> source, Scheduler scheduler) {
        Slow slow = new Slow(scheduler);
        Support.asleep(trale);
        Calls before = kernel.calls();
        source.subscribe(slow);
        Support.get(slow.done);
        Calls calls = kernel.calls().since(before);
        slow.cancel();
        return calls;
    }

    private Calls toTheEnd(Mono<?> end) {
        Support.asleep(trale);
        Calls before = kernel.calls();
        end.block(Duration.ofSeconds(Support.PATIENCE_SECONDS));
        return kernel.calls().since(before);
    }

    private static void assertCost(Calls calls, long enters, long others) {
        assertThat(calls.enters()).as("enters").isLessThanOrEqualTo(enters + ONCE);
        assertThat(calls.others()).as("other calls").isLessThanOrEqualTo(others + ONCE);
    }

    // ---- receives of a connection

    /// A peer that sends without waiting for us.
    private static void sendAMessageEachMillisecond(SocketChannel peer) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    peer.write(ByteBuffer.allocate(200));
                    LockSupport.parkNanos(1_000_000);
                }
            } catch (IOException closed) {
                // the end of the test
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aSlowReceiverCostsTwoEntersAndOneWakeUpPerElement(ReceiveKind kind) {
        try (Pair pair = Pair.of(trale)) {
            sendAMessageEachMillisecond(pair.peer());
            Calls calls = slowly(kind.receive(pair.connection()), Schedulers.parallel());
            assertCost(calls, 2 * SLOW, 0);
            assertThat(calls.elsewhere()).as("wake-ups").isLessThanOrEqualTo(SLOW + 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSlowReceiverOnTheLoopCostsTwoEntersAndOneTimerCall(ReceiveKind kind) {
        try (Pair pair = Pair.of(trale)) {
            sendAMessageEachMillisecond(pair.peer());
            assertCost(slowly(kind.receive(pair.connection()), trale.scheduler()), 2 * SLOW, SLOW);
        }
    }

    @ParameterizedTest
    @EnumSource
    void unboundedReceivesCostOneEnterPerElement(ReceiveKind kind) {
        try (Pair pair = Pair.of(trale)) {
            Thread.ofPlatform().start(() -> {
                for (int i = 0; i < FAST; i++) {
                    Support.write(pair.peer(), new byte[64 << 10]);
                }
                Support.shutdownOutput(pair.peer());
            });
            int[] elements = new int[1];
            Calls calls = toTheEnd(kind.receive(pair.connection()).doOnNext(element -> elements[0]++).then());
            assertThat(elements[0]).isGreaterThanOrEqualTo(FAST);
            assertCost(calls, elements[0], 0);
        }
    }

    // ---- other sources

    private void assertOneEnterAnElementOrTwoOfASlowConsumer(Flux<?> source) {
        assertCost(toTheEnd(source.take(FAST).then()), FAST, 0);
        assertCost(slowly(source, Schedulers.parallel()), 2 * SLOW, 0);
    }

    @Test
    void datagramsCostOneEnterPerElementOrTwoIfSlow() {
        UdpEndpoint endpoint = trale.udp(Support.loopback(0)).block();
        Thread.ofPlatform().start(() -> {
            try (DatagramChannel channel = DatagramChannel.open()) {
                while (!endpoint.isDisposed()) {
                    channel.send(ByteBuffer.allocate(200), endpoint.localAddress());
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertOneEnterAnElementOrTwoOfASlowConsumer(endpoint.receive());
        endpoint.dispose();
    }

    @Test
    void ticksCostOneEnterPerElementOrTwoIfSlow() {
        assertOneEnterAnElementOrTwoOfASlowConsumer(trale.ticks(Duration.ofNanos(100_000)));
    }

    @Test
    void signalsCostOneEnterPerElementOrTwoIfSlow() {
        Event event = trale.event().block();
        Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    event.signal();
                    LockSupport.parkNanos(20_000);
                }
            } catch (IllegalStateException disposed) {
                // the end of the test
            }
        });
        assertOneEnterAnElementOrTwoOfASlowConsumer(event.signals());
        event.dispose();
    }

    /// Two reads are in flight by default.
    @Test
    void readsCostLessThanOneEnterPerElementOrTwoIfSlow(@TempDir Path directory) throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[FAST * CHUNK]);
        ReadOptions chunks = ReadOptions.defaults().chunk(CHUNK);
        assertCost(toTheEnd(trale.read(file, chunks).then()), FAST / 2, 0);
        assertCost(toTheEnd(trale.read(file, chunks.depth(8)).then()), FAST / 8, 0);
        assertCost(slowly(trale.read(file, chunks), Schedulers.parallel()), 2 * SLOW, 0);
    }

    // ---- sends

    /// Elements that arrive during a send go out with the next one, up to 64 KiB, and more are requested in batches.
    @Test
    void smallElementsOfASendShareEnters() throws Exception {
        int count = 100 * FAST;
        try (Pair pair = Pair.of(trale); ExecutorService elsewhere = Executors.newSingleThreadExecutor()) {
            Thread reader = Thread.ofPlatform().start(() -> Support.readAll(pair.peer()));
            Flux<ByteBuffer> elements = Flux.range(0, count).map(i -> ByteBuffer.allocate(100));
            assertCost(toTheEnd(pair.connection().send(elements)), count / 100, 0);
            Publisher<ByteBuffer> foreign = subscriber -> elements.subscribe(new Elsewhere(subscriber, elsewhere));
            assertCost(toTheEnd(pair.connection().send(foreign)), count / 4, 0);
            pair.connection().close().block();
            reader.join();
        }
    }

    /// Makes a synchronous source emit on another thread while the loop waits, so that the loop finds all requested elements.
    private record Elsewhere(Subscriber<? super ByteBuffer> subscriber, ExecutorService thread)
            implements CoreSubscriber<ByteBuffer> {

        @Override
        public void onSubscribe(Subscription subscription) {
            subscriber.onSubscribe(new Subscription() {
                @Override
                public void request(long n) {
                    CompletableFuture.runAsync(() -> subscription.request(n), thread).join();
                }

                @Override
                public void cancel() {
                    subscription.cancel();
                }
            });
        }

        @Override
        public void onNext(ByteBuffer element) {
            subscriber.onNext(element);
        }

        @Override
        public void onError(Throwable failure) {
            subscriber.onError(failure);
        }

        @Override
        public void onComplete() {
            subscriber.onComplete();
        }
    }
}

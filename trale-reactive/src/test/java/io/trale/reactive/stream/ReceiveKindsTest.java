package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.ReceiveKind;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import io.trale.task.ExecutorOptions;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/// Subscribers of different kinds, one after the other on one connection: each continues at the next byte, whatever memory
/// holds it, and every buffer is returned.
class ReceiveKindsTest extends ConnectionTestBase {

    private static final int BUFFERS = 16;
    private static final ReceiveKind[] KINDS = ReceiveKind.values();

    ReceiveKindsTest() {
        super(ExecutorOptions.defaults().receiveBuffers(BUFFERS, 1000).leaseBuffers(BUFFERS, 700));
    }

    @AfterEach
    void everyBufferIsBack() {
        pair.close();
        if (!trale.onClose().toFuture().isDone()) {
            assertThat(Support.onLoop(trale, () -> Internals.loop(trale).reactor.pools().receiveGroup().free())).isEqualTo(BUFFERS);
            assertThat(Support.onLoop(trale, () -> Internals.loop(trale).reactor.pools().leaseGroup().free())).isEqualTo(BUFFERS);
        }
    }

    /// Records every element, even after a cancel.
    private static final class Listener extends BaseSubscriber<byte[]> {

        private final Queue<byte[]> elements;
        private final CompletableFuture<Void> end;

        Listener(Queue<byte[]> elements, CompletableFuture<Void> end) {
            this.elements = elements;
            this.end = end;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {}

        @Override
        protected void hookOnNext(byte[] element) {
            elements.add(element);
        }

        @Override
        protected void hookOnComplete() {
            end.complete(null);
        }

        @Override
        protected void hookOnError(Throwable failure) {
            end.completeExceptionally(failure);
        }
    }

    private static Stream<Arguments> pairsOfKinds() {
        return Arrays.stream(KINDS).flatMap(first -> Arrays.stream(KINDS).map(second -> Arguments.of(first, second)));
    }

    /// Bytes arrive for a subscriber of `kind` that another connection's subscriber cancels. All completions are in one batch.
    /// There are two other connections: one became ready before ours and one after it, because kernels differ in which
    /// completes first.
    private void leaveBytesBehind(ReceiveKind kind, String text) {
        try (Pair before = Pair.of(trale); Pair after = Pair.of(trale)) {
            Listener leaving = new Listener(new ConcurrentLinkedQueue<>(), new CompletableFuture<>());
            before.connection().receive().doOnNext(b -> leaving.cancel()).subscribe();
            after.connection().receive().doOnNext(b -> leaving.cancel()).subscribe();
            Support.asleep(trale);
            kind.receive(connection).subscribe(leaving);
            leaving.request(1);
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).isEqualTo(3);
            Support.onLoop(trale, () -> {
                Support.write(before.peer(), new byte[] {1});
                Support.write(peer, text.getBytes());
                Support.write(after.peer(), new byte[] {1});
                return null;
            });
            Support.until("ours has ended", () -> trale.stats().inFlight() == 2);
            assertThat(leaving.elements).isEmpty();
        }
        Support.until("the others are closed", () -> trale.stats().inFlight() == 0);
    }

    @ParameterizedTest
    @MethodSource("pairsOfKinds")
    void bytesThatArrivedForOneKindGoToTheNext(ReceiveKind first, ReceiveKind second) {
        leaveBytesBehind(first, "kept");
        long submitted = Support.onLoop(trale, () -> trale.stats().submitted());
        assertThat(second.receive(connection).blockFirst(LIMIT)).isEqualTo("kept".getBytes());
        assertThat(Support.onLoop(trale, () -> trale.stats().submitted()))
                .as("entries for bytes that had been received").isEqualTo(submitted);
        Support.write(peer, "next".getBytes());
        assertThat(second.receive(connection).blockFirst(LIMIT)).isEqualTo("next".getBytes());
    }

    @ParameterizedTest
    @EnumSource(ReceiveKind.class)
    void oneReceiveIsInFlightWithDemandAndNoneWithout(ReceiveKind kind) {
        Listener listener = new Listener(new ConcurrentLinkedQueue<>(), new CompletableFuture<>());
        kind.receive(connection).subscribe(listener);
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isZero();
        listener.request(1);
        Support.asleep(trale);
        listener.request(5);
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isEqualTo(1);
        listener.cancel();
        Support.until("nothing in flight", () -> trale.stats().inFlight() == 0);
    }

    @Test
    void takingAFewAtATimeInAnyKindLosesNothing() throws Exception {
        byte[] sent = Support.bytes(3, 300_000);
        Random random = new Random(4);
        Thread writer = writer(sent, 5);
        ByteArrayOutputStream got = new ByteArrayOutputStream();
        while (got.size() < sent.length) {
            ReceiveKind kind = KINDS[random.nextInt(KINDS.length)];
            kind.receive(connection).take(1 + random.nextInt(20)).toIterable().forEach(got::writeBytes);
        }
        writer.join();
        assertThat(got.toByteArray()).isEqualTo(sent);
    }

    /// Writes `bytes` in pieces of random sizes, then ends.
    private Thread writer(byte[] bytes, long seed) {
        return Thread.ofPlatform().start(() -> {
            Random random = new Random(seed);
            for (int from = 0; from < bytes.length;) {
                int to = Math.min(bytes.length, from + 1 + random.nextInt(400));
                Support.write(peer, Arrays.copyOfRange(bytes, from, to));
                from = to;
            }
            Support.shutdownOutput(peer);
        });
    }

    /// The subscriber cancels while data is in flight, and one of another kind subscribes at once.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cancellingAtRandomMomentsLosesAndDoublesNothing(boolean onTheLoop) throws Exception {
        byte[] sent = Support.bytes(6, 1 << 20);
        Queue<byte[]> got = new ConcurrentLinkedQueue<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        Random random = new Random(8);
        Thread writer = writer(sent, 7);
        while (!end.isDone()) { // this takes hundreds of subscriptions
            Listener listener = new Listener(got, end);
            KINDS[random.nextInt(KINDS.length)].receive(connection).subscribe(listener);
            listener.request(1 + random.nextInt(8));
            for (int spin = random.nextInt(2000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            if (onTheLoop) {
                Support.onLoop(trale, () -> {
                    listener.cancel();
                    return null;
                });
            } else {
                listener.cancel();
            }
        }
        Support.get(end);
        writer.join();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        got.forEach(all::writeBytes);
        assertThat(all.toByteArray()).isEqualTo(sent);
    }
}

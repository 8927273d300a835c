package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Connection;
import io.trale.reactive.Listener;
import io.trale.reactive.testing.ServeTestBase;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// `Listener.accept()` accepts as many connections as requested, and a cancel loses none.
class AcceptTest extends ServeTestBase {

    @Test
    void acceptsAsManyConnectionsAsRequested() {
        int count = 60;
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        ConnectionSubscriber taker = new ConnectionSubscriber();
        listener.accept().subscribe(taker);
        List<SocketChannel> clients = IntStream.range(0, count).mapToObj(i -> connect(listener.localAddress())).toList();
        Support.asleep(trale);
        int before = Support.descriptors();
        assertThat(trale.stats().inFlight()).isZero();
        int total = 0;
        for (int n : new int[] {1, 2, 20, 17}) {
            total += n;
            int expected = total;
            taker.subscription.request(n);
            Support.until("as many as total for", () -> taker.taken.size() >= expected);
            Support.asleep(trale);
            assertThat(taker.taken).hasSize(total);
            assertThat(Support.descriptors()).isEqualTo(before + total);
            assertThat(trale.stats().inFlight()).isZero();
        }
        taker.subscription.request(Long.MAX_VALUE);
        Support.until("all", () -> taker.taken.size() == count);
        listener.dispose();
        Support.get(taker.end);
        Connection last = List.copyOf(taker.taken).getLast();
        SocketChannel client = clients.getLast();
        last.send(Mono.just(ByteBuffer.wrap("first come".getBytes()))).block(LIMIT);
        assertThat(new String(Support.read(client, 10))).isEqualTo("first come");
        taker.taken.forEach(Connection::abort);
        clients.forEach(Support::close);
    }

    @Test
    void acceptAfterACancelLosesNoConnection() throws Exception {
        int count = 1000;
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        Set<SocketAddress> addresses = new HashSet<>();
        List<SocketChannel> clients = new ArrayList<>();
        Thread connecting = Thread.ofPlatform().start(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    SocketChannel client = connect(listener.localAddress());
                    clients.add(client);
                    addresses.add(client.getLocalAddress());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Random random = new Random(4);
        List<Connection> taken = new ArrayList<>();
        int subscriptions = 0;
        while (taken.size() < count) {
            ConnectionSubscriber taker = new ConnectionSubscriber();
            listener.accept().subscribe(taker);
            taker.subscription.request(random.nextBoolean() ? 50 : 1 + random.nextInt(5));
            for (int spin = random.nextInt(3000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            taker.subscription.cancel();
            Support.onLoop(trale, () -> null);
            taken.addAll(taker.taken);
            subscriptions++;
        }
        connecting.join();
        assertThat(taken).extracting(Connection::remoteAddress).doesNotHaveDuplicates().hasSameElementsAs(addresses);
        assertThat(subscriptions).isGreaterThanOrEqualTo(count / 50);
        taken.forEach(Connection::abort);
        clients.forEach(Support::close);
        listener.dispose();
    }

    /// The subscriber of a connection cancels that of `listener`, whose completion follows in the same batch. There are two
    /// such connections: one becomes ready before the listener and one after it, because kernels differ in which completes
    /// first.
    private SocketChannel acceptForNobody(Listener listener) {
        try (Pair before = Pair.of(trale); Pair after = Pair.of(trale)) {
            ConnectionSubscriber taker = new ConnectionSubscriber();
            before.connection().receive().subscribe(b -> taker.subscription.cancel());
            after.connection().receive().subscribe(b -> taker.subscription.cancel());
            listener.accept().subscribe(taker);
            taker.subscription.request(1);
            Support.asleep(trale);
            assertThat(trale.stats().inFlight()).isEqualTo(3);
            SocketChannel client = Support.onLoop(trale, () -> {
                Support.write(before.peer(), new byte[1]);
                SocketChannel connected = connect(listener.localAddress());
                Support.write(after.peer(), new byte[1]);
                return connected;
            });
            Support.untilStalled(trale, 2);
            assertThat(taker.taken).isEmpty();
            return client;
        }
    }

    @Test
    void aConnectionAcceptedAfterACancelGoesToTheNextSubscriber() {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        SocketChannel client = acceptForNobody(listener);
        ConnectionSubscriber taker = new ConnectionSubscriber();
        listener.accept().subscribe(taker);
        Support.asleep(trale);
        assertThat(taker.taken).isEmpty();
        long submitted = Support.submitted(trale);
        taker.subscription.request(1);
        Support.until("it is there", () -> taker.taken.size() == 1);
        assertThat(Support.submitted(trale)).as("no accept was needed").isEqualTo(submitted);
        taker.taken.forEach(Connection::abort);
        assertReset(client);
    }

    @Test
    void anUnclaimedConnectionIsResetWhenTheListenerCloses() {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        SocketChannel client = acceptForNobody(listener);
        listener.dispose();
        listener.onClose().block(LIMIT);
        assertReset(client);
    }

    @Test
    void aSecondSubscriberOfAcceptFails() {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        listener.accept().subscribe(new ConnectionSubscriber());
        StepVerifier.create(listener.accept()).expectError(IllegalStateException.class).verify(LIMIT);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void aNonPositiveRequestFailsAcceptAndNamesTheRule(long n) {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        ConnectionSubscriber taker = new ConnectionSubscriber();
        listener.accept().subscribe(taker);
        taker.subscription.request(n);
        assertThatThrownBy(() -> taker.end.get(Support.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .hasRootCauseInstanceOf(IllegalArgumentException.class).hasMessageContaining("3.9");
    }

    @Test
    void aDiscardHookClosesConnectionsThatOperatorsDiscard() {
        Listener listener = trale.bind(Support.loopback(0)).block(LIMIT);
        Disposable discarding = listener.accept().filter(c -> false).doOnDiscard(Connection.class, Connection::abort)
                .subscribe();
        for (int i = 0; i < 5; i++) {
            assertReset(listener.localAddress());
        }
        discarding.dispose();
    }
}

package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.testing.SinkKind;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// §3.9: a request of zero or less fails, and what was started is undone. The official suite does not test it here: it needs
/// publishers of ten elements, and these have one or none.
@Timeout(60)
class BadRequestTest {

    /// Makes its request in `onSubscribe`, if it has one, and expects an error.
    private static final class BadRequester implements CoreSubscriber<Object> {

        private final long inGreeting;
        private final AtomicInteger signals = new AtomicInteger();
        private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        private volatile Subscription subscription;
        private volatile boolean greeted;

        BadRequester(long inGreeting) {
            this.inGreeting = inGreeting;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            this.subscription = subscription;
            if (inGreeting <= 0) {
                subscription.request(inGreeting);
            }
            greeted = true;
        }

        @Override
        public void onNext(Object element) {
            end(new AssertionError("received " + element));
        }

        @Override
        public void onError(Throwable failure) {
            end(failure);
        }

        @Override
        public void onComplete() {
            end(new AssertionError("completed"));
        }

        private void end(Throwable failure) {
            signals.incrementAndGet();
            this.failure.complete(greeted ? failure : new AssertionError("told before the greeting was over", failure));
        }

        void assertRefused() {
            assertThat(Support.get(failure)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("§3.9");
            assertThat(signals).hasValue(1);
        }
    }

    private static final int NOT_NOW = 1;

    private int descriptors;
    private Trale trale;

    @BeforeEach
    void start() {
        descriptors = Support.descriptors();
        trale = Trale.start();
    }

    @AfterEach
    void stop() {
        trale.close();
        Support.untilDescriptors(descriptors);
    }

    private static BadRequester subscribe(Mono<?> mono, long inGreeting) {
        BadRequester requester = new BadRequester(inGreeting);
        mono.subscribe(requester);
        return requester;
    }

    private BadRequester subscribeOnLoop(Mono<?> mono, long inGreeting) {
        return Support.onLoop(trale, () -> subscribe(mono, inGreeting));
    }

    // ---- opening

    private static Stream<Named<Function<Trale, Mono<?>>>> opens() {
        return Stream.of(Named.of("event", Trale::event), Named.of("bind", trale -> trale.bind(Support.loopback(0))),
                Named.of("udp", trale -> trale.udp(Support.loopback(0))));
    }

    @ParameterizedTest
    @MethodSource("opens")
    void aBadRequestClosesTheOpenedResource(Function<Trale, Mono<?>> open) {
        int before = Support.descriptors();
        Mono<?> opening = open.apply(trale);
        subscribe(opening, 0).assertRefused();
        subscribeOnLoop(opening, -1).assertRefused();
        BadRequester later = subscribe(opening, NOT_NOW);
        Support.until("opened, for whoever asks", () -> Support.descriptors() > before);
        later.subscription.request(Long.MIN_VALUE);
        later.assertRefused();
        Support.untilDescriptors(before);
    }

    @Test
    void aBadRequestCancelsAPendingConnect() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(Support.loopback(0))) {
            SocketAddress address = server.getLocalAddress();
            int before = Support.descriptors();
            BadRequester requester = Support.onLoop(trale, () -> {
                BadRequester connecting = subscribe(trale.connect(address), NOT_NOW);
                trale.loop.execute(() -> connecting.subscription.request(0)); // after the first poll
                return connecting;
            });
            requester.assertRefused();
            Support.untilDescriptors(before);
        }
    }

    @Test
    void anOpeningSubscriptionCanBeScanned() {
        BadRequester requester = subscribe(trale.event(), NOT_NOW);
        Scannable scanned = Scannable.from(requester.subscription);
        assertThat(scanned.scan(Scannable.Attr.ACTUAL)).isNotNull();
        assertThat(scanned.scan(Scannable.Attr.RUN_STYLE)).isEqualTo(Scannable.Attr.RunStyle.ASYNC);
        assertThat(scanned.scan(Scannable.Attr.TERMINATED)).isFalse();
        requester.subscription.cancel();
        assertThat(scanned.scan(Scannable.Attr.CANCELLED)).isTrue();
        Support.until("the end", () -> scanned.scan(Scannable.Attr.TERMINATED));
    }

    // ---- sends

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBadRequestCancelsTheSourceAndTheNextSendRuns(boolean onLoop) {
        UdpEndpoint endpoint = SinkKind.endpoint(trale);
        Flux<Datagram> never = Flux.never();
        CompletableFuture<Void> cancelled = new CompletableFuture<>();
        Mono<Void> send = endpoint.send(never.doOnCancel(() -> cancelled.complete(null)));

        BadRequester first = subscribe(send, NOT_NOW);
        BadRequester inLine = onLoop ? subscribeOnLoop(send, 0) : subscribe(send, 0);
        inLine.assertRefused();
        CompletableFuture<Void> next = endpoint.send(Mono.just(SinkKind.datagram(1))).toFuture();
        Support.asleep(trale);
        assertThat(next).isNotDone();
        if (onLoop) {
            Support.onLoop(trale, () -> {
                first.subscription.request(-1);
                return null;
            });
        } else {
            first.subscription.request(-1);
        }
        first.assertRefused();
        Support.get(cancelled);
        Support.get(next);

        BadRequester greeting = onLoop ? subscribeOnLoop(send, -2) : subscribe(send, -2);
        greeting.assertRefused();
        Support.get(endpoint.send(Mono.just(SinkKind.datagram(2))).toFuture());
        endpoint.dispose();
    }
}

package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/// Subscribers that throw when they are told the end, as an error consumer of `subscribe` may: what they throw goes to the
/// drop hook, and everybody else learns what is to be learned.
@Timeout(60)
class ThrowingSubscribersTest {

    private static final IllegalStateException THROWN = new IllegalStateException("on purpose");

    private Trale trale;
    private Pair pair;

    @BeforeEach
    void start() {
        trale = Trale.start();
        pair = Pair.of(trale);
    }

    @AfterEach
    void stop() {
        Support.close(pair.peer());
        trale.close();
    }

    private static final class Throwing implements CoreSubscriber<Object> {

        private final CompletableFuture<Throwable> dropped = new CompletableFuture<>();

        @Override
        public Context currentContext() {
            Consumer<Throwable> hook = dropped::complete;
            return Context.of("reactor.onErrorDropped.local", hook);
        }

        @Override
        public void onSubscribe(Subscription subscription) {}

        @Override
        public void onNext(Object element) {}

        @Override
        public void onError(Throwable failure) {
            throw THROWN;
        }

        @Override
        public void onComplete() {
            throw THROWN;
        }

        void assertDropped() {
            assertThat(Support.get(dropped)).isSameAs(THROWN);
        }
    }

    @Test
    void anAbortClosesTheConnectionAndEndsAllItsSends() {
        Throwing sending = new Throwing();
        Throwing inLine = new Throwing();
        pair.connection().send(Flux.never()).subscribe(sending);
        pair.connection().send(Flux.never()).subscribe(inLine);
        CompletableFuture<Throwable> last = pair.connection().send(Flux.never()).cast(Throwable.class)
                .onErrorResume(Mono::just).toFuture();
        pair.connection().abort();
        Support.get(pair.connection().onClose().toFuture());
        sending.assertDropped();
        inLine.assertDropped();
        assertThat(Support.get(last)).isInstanceOf(ConnectionClosedException.class);
    }

    @Test
    void aCloseEndsAllItsSendsAndThenTheConnection() {
        Throwing sending = new Throwing();
        Throwing inLine = new Throwing();
        pair.connection().send(Flux.never()).subscribe(sending);
        pair.connection().send(Flux.never()).subscribe(inLine);
        Support.get(pair.connection().close().toFuture());
        sending.assertDropped();
        inLine.assertDropped();
    }

    @Test
    void aSendThatFailsOrCompletesLetsTheNextBegin() {
        Throwing failing = new Throwing();
        Throwing completing = new Throwing();
        CompletableFuture<Void> next = Support.onLoop(trale, () -> {
            pair.connection().send(Flux.just(ByteBuffer.allocate(1)).concatWith(Mono.error(new Exception())))
                    .subscribe(failing);
            pair.connection().send(Flux.just(ByteBuffer.allocate(1))).subscribe(completing);
            return pair.connection().send(Mono.just(ByteBuffer.allocate(1))).toFuture();
        });
        Support.get(next);
        failing.assertDropped();
        completing.assertDropped();
        assertThat(Support.read(pair.peer(), 3)).hasSize(3);
    }

    /// It has no demand, so it is told by the close itself, before those who wait for that.
    @Test
    void aReceiverKeepsNobodyFromLearningOfTheClose() {
        Throwing receiving = new Throwing();
        pair.connection().receive().subscribe(receiving);
        Support.asleep(trale);
        pair.connection().abort();
        Support.get(pair.connection().onClose().toFuture());
        receiving.assertDropped();

        Throwing datagrams = new Throwing();
        UdpEndpoint endpoint = trale.udp(Support.loopback(0)).block();
        endpoint.receive().subscribe(datagrams);
        Support.asleep(trale);
        endpoint.dispose();
        Support.get(endpoint.onClose().toFuture());
        datagrams.assertDropped();
    }
}

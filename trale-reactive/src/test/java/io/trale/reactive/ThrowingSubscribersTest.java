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

/// Subscribers that throw in a terminal signal, for example in an error consumer of `subscribe`: the exception goes to the drop
/// hook, and every other subscriber gets its terminal signal.
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

    private static final class ThrowingSubscriber implements CoreSubscriber<Object> {

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
        ThrowingSubscriber sending = new ThrowingSubscriber();
        ThrowingSubscriber inLine = new ThrowingSubscriber();
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
        ThrowingSubscriber sending = new ThrowingSubscriber();
        ThrowingSubscriber inLine = new ThrowingSubscriber();
        pair.connection().send(Flux.never()).subscribe(sending);
        pair.connection().send(Flux.never()).subscribe(inLine);
        Support.get(pair.connection().close().toFuture());
        sending.assertDropped();
        inLine.assertDropped();
    }

    @Test
    void aSendThatFailsOrCompletesLetsTheNextBegin() {
        ThrowingSubscriber failing = new ThrowingSubscriber();
        ThrowingSubscriber completing = new ThrowingSubscriber();
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

    /// The receiver has no demand, so the close signals it, before the subscribers of `onClose`.
    @Test
    void aThrowingReceiverDoesNotHideTheClose() {
        ThrowingSubscriber receiving = new ThrowingSubscriber();
        pair.connection().receive().subscribe(receiving);
        Support.asleep(trale);
        pair.connection().abort();
        Support.get(pair.connection().onClose().toFuture());
        receiving.assertDropped();

        ThrowingSubscriber datagrams = new ThrowingSubscriber();
        UdpEndpoint endpoint = trale.udp(Support.loopback(0)).block();
        endpoint.receive().subscribe(datagrams);
        Support.asleep(trale);
        endpoint.dispose();
        Support.get(endpoint.onClose().toFuture());
        datagrams.assertDropped();
    }
}

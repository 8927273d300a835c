package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.loop.ConnectionClosedException;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.Support;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/// Subscribers that throw in a terminal signal, for example in an error consumer of `subscribe`: the exception goes to the drop
/// hook, and every other subscriber gets its terminal signal.
class ThrowingSubscribersTest extends ConnectionTestBase {

    private static final IllegalStateException THROWN = new IllegalStateException("on purpose");

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
        connection.send(Flux.never()).subscribe(sending);
        connection.send(Flux.never()).subscribe(inLine);
        CompletableFuture<Throwable> last = connection.send(Flux.never()).cast(Throwable.class)
                .onErrorResume(Mono::just).toFuture();
        connection.abort();
        Support.get(connection.onClose().toFuture());
        sending.assertDropped();
        inLine.assertDropped();
        assertThat(Support.get(last)).isInstanceOf(ConnectionClosedException.class);
    }

    @Test
    void aCloseEndsAllItsSendsAndThenTheConnection() {
        ThrowingSubscriber sending = new ThrowingSubscriber();
        ThrowingSubscriber inLine = new ThrowingSubscriber();
        connection.send(Flux.never()).subscribe(sending);
        connection.send(Flux.never()).subscribe(inLine);
        Support.get(connection.close().toFuture());
        sending.assertDropped();
        inLine.assertDropped();
    }

    @Test
    void aSendThatFailsOrCompletesLetsTheNextBegin() {
        ThrowingSubscriber failing = new ThrowingSubscriber();
        ThrowingSubscriber completing = new ThrowingSubscriber();
        CompletableFuture<Void> next = Support.onLoop(trale, () -> {
            connection.send(Flux.just(ByteBuffer.allocate(1)).concatWith(Mono.error(new Exception())))
                    .subscribe(failing);
            connection.send(Flux.just(ByteBuffer.allocate(1))).subscribe(completing);
            return connection.send(Mono.just(ByteBuffer.allocate(1))).toFuture();
        });
        Support.get(next);
        failing.assertDropped();
        completing.assertDropped();
        assertThat(Support.read(peer, 3)).hasSize(3);
    }

    /// The receiver has no demand, so the close signals it, before the subscribers of `onClose`.
    @Test
    void aThrowingReceiverDoesNotHideTheClose() {
        ThrowingSubscriber receiving = new ThrowingSubscriber();
        connection.receive().subscribe(receiving);
        Support.asleep(trale);
        connection.abort();
        Support.get(connection.onClose().toFuture());
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

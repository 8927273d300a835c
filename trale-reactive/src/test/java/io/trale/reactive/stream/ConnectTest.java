package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Internals;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.Connection;
import io.trale.reactive.Server;
import io.trale.reactive.testing.ServeTestBase;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/// Connects that are cancelled, by host name, or to the connecting socket itself.
class ConnectTest extends ServeTestBase {

    /// Requests a connection and completes a future with it.
    private static final class ConnectSubscriber implements CoreSubscriber<Connection> {

        private final CompletableFuture<Connection> connection = new CompletableFuture<>();
        private volatile Subscription subscription;

        @Override
        public void onSubscribe(Subscription subscription) {
            this.subscription = subscription;
            subscription.request(1);
        }

        @Override
        public void onNext(Connection connection) {
            this.connection.complete(connection);
        }

        @Override
        public void onError(Throwable failure) {
            connection.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {}
    }

    /// For example, `timeout` drops the connection and then cancels, if the time ends just when the connection arrives.
    @Test
    void aCancelAfterAConnectAbortsAnUnusedConnection() {
        Server server = serve(ServeTestBase::echo);
        ConnectSubscriber subscriber = new ConnectSubscriber();
        trale.connect(server.localAddress()).subscribe(subscriber);
        Connection connection = Support.get(subscriber.connection);
        subscriber.subscription.cancel();
        Support.until("it is closed", () -> !ConnectionProbe.isOpen(connection));
    }

    @Test
    void aConnectionInUseOutlivesACancelOfItsConnect() {
        Server server = serve(ServeTestBase::echo);
        ConnectSubscriber receiving = new ConnectSubscriber();
        ConnectSubscriber sending = new ConnectSubscriber();
        trale.connect(server.localAddress()).subscribe(receiving);
        trale.connect(server.localAddress()).subscribe(sending);
        CompletableFuture<ByteBuffer> received = Support.get(receiving.connection).receive().next().toFuture();
        Support.get(sending.connection).send(Mono.just(ByteBuffer.allocate(1))).block(LIMIT);
        receiving.subscription.cancel();
        sending.subscription.cancel();
        Support.get(receiving.connection).send(Mono.just(ByteBuffer.allocate(1))).block(LIMIT);
        assertThat(Support.get(received).remaining()).isEqualTo(1);
        assertThat(Support.get(sending.connection).receive().blockFirst(LIMIT).remaining()).isEqualTo(1);
    }

    /// Such operators cancel inside `onNext`, and pass the connection on.
    @Test
    void operatorsThatTakeOneElementKeepTheConnectionOpen() {
        Server server = serve(ServeTestBase::echo);
        Connection connection = trale.connect(server.localAddress()).flux().next().block(LIMIT);
        connection.send(Mono.just(ByteBuffer.allocate(1))).block(LIMIT);
        assertThat(connection.receive().blockFirst(LIMIT).remaining()).isEqualTo(1);
    }

    @Test
    void anUnknownHostIsSignalledOnTheLoop() {
        Thread loop = Support.onLoop(trale, Thread::currentThread);
        AtomicReference<Thread> signalled = new AtomicReference<>();
        assertThatThrownBy(() -> trale.connect("no.such.host.invalid", 1)
                .doOnError(failure -> signalled.set(Thread.currentThread())).block(LIMIT))
                .hasRootCauseInstanceOf(UnknownHostException.class);
        assertThat(signalled.get()).isSameAs(loop);
    }

    @Test
    void aHostNameIsConnectedTo() {
        Server server = serve(ServeTestBase::echo);
        Connection connection = trale.connect("localhost", server.port()).block(LIMIT);
        assertThat(connection.remoteAddress()).isEqualTo(server.localAddress());
        connection.abort();
    }

    /// If no socket listens on a local port, the kernel may choose that port for the connecting socket.
    @Test
    void aConnectToItselfIsRefused() throws IOException {
        InetSocketAddress unused;
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(Support.loopback(0));
            unused = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        Libc real = new Libc();
        Kernel kernel = (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> {
                    Object result = method.invoke(real, arguments);
                    if (method.getName().equals("socket")) {
                        try (Arena call = Arena.ofConfined()) {
                            MemorySegment memory = call.allocate(SocketAddresses.MAX_BYTES, 8);
                            assertThat(real.bind((int) result, memory, SocketAddresses.encode(unused, memory))).isZero();
                        }
                    }
                    return result;
                });
        trale.close();
        trale = Internals.start(kernel, ExecutorOptions.defaults());
        for (int i = 0; i < 2; i++) { // twice: the port is free again at once
            assertThatThrownBy(() -> trale.connect(unused).block(LIMIT))
                    .hasStackTraceContaining("connect(127.0.0.1:" + unused.getPort() + "): ECONNREFUSED");
        }
    }
}

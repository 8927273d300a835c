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

/// What becomes of a connect whose connection nobody takes, of one by name, and of one that reaches itself.
class ConnectTest extends ServeTestBase {

    /// Asks for a connection; what to do with it is for others to say.
    private static final class Asking implements CoreSubscriber<Connection> {

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

    /// As when `timeout` gives up at the very moment at which it comes: it drops the connection, and cancels after that.
    @Test
    void aConnectionThatIsDroppedIsAborted() {
        Server server = serve(ServeTestBase::echo);
        Asking asking = new Asking();
        trale.connect(server.localAddress()).subscribe(asking);
        Connection connection = Support.get(asking.connection);
        asking.subscription.cancel();
        Support.until("it is closed", () -> !ConnectionProbe.isOpen(connection));
    }

    @Test
    void aConnectionInUseOutlivesACancelOfItsConnect() {
        Server server = serve(ServeTestBase::echo);
        Asking receiving = new Asking();
        Asking sending = new Asking();
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

    /// They cancel while they are given the connection, and pass it on.
    @Test
    void operatorsThatTakeOneElementPassTheConnectionOn() {
        Server server = serve(ServeTestBase::echo);
        Connection connection = trale.connect(server.localAddress()).flux().next().block(LIMIT);
        connection.send(Mono.just(ByteBuffer.allocate(1))).block(LIMIT);
        assertThat(connection.receive().blockFirst(LIMIT).remaining()).isEqualTo(1);
    }

    @Test
    void aHostThatIsUnknownIsSignalledOnTheLoop() {
        Thread loop = Support.onLoop(trale, Thread::currentThread);
        AtomicReference<Thread> signalled = new AtomicReference<>();
        assertThatThrownBy(() -> trale.connect("no.such.host.invalid", 1)
                .doOnError(failure -> signalled.set(Thread.currentThread())).block(LIMIT))
                .hasRootCauseInstanceOf(UnknownHostException.class);
        assertThat(signalled.get()).isSameAs(loop);
    }

    @Test
    void aHostByNameIsConnectedTo() {
        Server server = serve(ServeTestBase::echo);
        Connection connection = trale.connect("localhost", server.port()).block(LIMIT);
        assertThat(connection.remoteAddress()).isEqualTo(server.localAddress());
        connection.abort();
    }

    /// The kernel may give a socket that connects to a port of this host, at which nobody listens, that port for its own.
    @Test
    void aConnectThatReachesItselfIsRefused() throws IOException {
        InetSocketAddress nobody;
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(Support.loopback(0));
            nobody = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        Libc real = new Libc();
        Kernel kernel = (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> {
                    Object result = method.invoke(real, arguments);
                    if (method.getName().equals("socket")) {
                        try (Arena call = Arena.ofConfined()) {
                            MemorySegment memory = call.allocate(SocketAddresses.MAX_BYTES, 8);
                            assertThat(real.bind((int) result, memory, SocketAddresses.encode(nobody, memory))).isZero();
                        }
                    }
                    return result;
                });
        trale.close();
        trale = Internals.start(kernel, ExecutorOptions.defaults());
        for (int i = 0; i < 2; i++) { // the port is free again at once
            assertThatThrownBy(() -> trale.connect(nobody).block(LIMIT))
                    .hasStackTraceContaining("connect(127.0.0.1:" + nobody.getPort() + "): ECONNREFUSED");
        }
    }
}

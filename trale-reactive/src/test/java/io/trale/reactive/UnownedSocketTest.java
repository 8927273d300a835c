package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.lang.reflect.Proxy;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A socket for which something is thrown before its owner exists, most likely for want of memory: it is closed.
@Timeout(60)
class UnownedSocketTest {

    private final OutOfMemoryError failure = new OutOfMemoryError("on purpose");
    private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
    /// Those that are open, but for accepted ones.
    private final Set<Integer> sockets = ConcurrentHashMap.newKeySet();
    private volatile String throwingCall = "getsockname";
    private volatile boolean throwing;
    private final Libc real = new Libc();
    private final Trale trale = Internals.start(kernel(), ExecutorOptions.defaults().uncaught(uncaught::add));

    private Kernel kernel() {
        return (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> {
                    if (throwing && method.getName().equals(throwingCall)) {
                        throw failure;
                    }
                    Object result = method.invoke(real, arguments);
                    switch (method.getName()) {
                        case "socket" -> sockets.add((Integer) result);
                        case "close" -> sockets.remove(arguments[0]);
                        default -> { }
                    }
                    return result;
                });
    }

    @AfterEach
    void close() {
        trale.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void clientSocketIsClosed(boolean unix, @TempDir Path directory) throws Exception {
        SocketAddress address = unix ? UnixDomainSocketAddress.of(directory.resolve("socket")) : Support.loopback(0);
        try (ServerSocketChannel server = unix ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                : ServerSocketChannel.open()) {
            server.bind(address);
            throwing = true;
            assertThatThrownBy(() -> Support.get(trale.connect(server.getLocalAddress()).toFuture())).hasRootCause(failure);
            try (SocketChannel peer = server.accept()) {
                assertThat(Support.readAll(peer)).isEmpty();
            }
        }
        assertThat(uncaught).isEmpty();
    }

    @Test
    void datagramSocketIsClosed() {
        throwingCall = "setsockopt";
        throwing = true;
        assertThatThrownBy(() -> Support.get(trale.udp(Support.loopback(0)).toFuture())).hasRootCause(failure);
        assertThat(sockets).isEmpty();
    }

    @Test
    void acceptedSocketIsClosedAndTheServerGoesOn() throws Exception {
        Server server = Support.get(trale.serve(Support.loopback(0), c -> c.send(c.receive())).toFuture());
        throwing = true;
        try (SocketChannel client = SocketChannel.open(server.localAddress())) {
            assertThat(Support.readAll(client)).isEmpty();
        }
        throwing = false;
        try (SocketChannel client = SocketChannel.open(server.localAddress())) {
            Support.write(client, "echo".getBytes());
            client.shutdownOutput();
            assertThat(Support.readAll(client)).asString().isEqualTo("echo");
        }
        assertThat(uncaught).containsExactly(failure);
    }
}

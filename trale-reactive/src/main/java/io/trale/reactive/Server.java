package io.trale.reactive;

import java.net.SocketAddress;
import java.time.Duration;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/// A running server: accepts while fewer than the permitted connections are open, and runs the handler on each.
public interface Server extends Disposable {

    /// The local address, with the port that the kernel chose if 0 was given; or the path.
    SocketAddress localAddress();

    /// The local port. Throws [UnsupportedOperationException] if this listens at a path.
    int port();

    /// Completes when the server has stopped and its last connection is closed.
    Mono<Void> onClose();

    /// Stops: accepts no more connections and aborts the open ones. A connection that has flushed everything and waits only for
    /// the peer's end is closed without a reset. Idempotent.
    @Override
    void dispose();

    /// Stops gracefully: accepts no more connections, and lets the open ones end. Handlers receive what has already arrived and
    /// then see the end of their input, as if the peer had shut down its side. What they send is flushed. Connections that are
    /// still open after `grace` are aborted. Completes when none is left.
    Mono<Void> disposeGracefully(Duration grace);

    /// As [#disposeGracefully], and waits for the end. Does not wait in a shutdown hook if the loop thread has called
    /// [System#exit]. Throws [IllegalStateException] on the loop thread.
    void disposeNow(Duration grace);
}

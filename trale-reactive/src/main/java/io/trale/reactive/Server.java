package io.trale.reactive;

import java.net.SocketAddress;
import java.time.Duration;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/// A server that runs: accepts while fewer than the permitted connections are open, and runs the handler on each.
public interface Server extends Disposable {

    /// The address with the port that was chosen, or the path.
    SocketAddress localAddress();

    /// The port that was chosen. Throws [UnsupportedOperationException] if this listens at a path.
    int port();

    /// Completes when the server has stopped and its last connection is closed.
    Mono<Void> onClose();

    /// Stops: no connection is accepted any more, those that are open are aborted. One that has flushed everything and only
    /// waits for the peer's end is closed without a reset. Idempotent.
    @Override
    void dispose();

    /// Stops in good order: no connection is accepted any more, and to the open ones the peer seems to have ended its
    /// side, once they have received what is there already; so handlers that read to the end come to theirs, and what
    /// they send is flushed. What is still open after `grace` is aborted. Completes when nothing is.
    Mono<Void> disposeGracefully(Duration grace);

    /// As [#disposeGracefully], and waits, but not in a shutdown hook if the loop thread has called [System#exit]. Not on
    /// the loop.
    void disposeNow(Duration grace);
}

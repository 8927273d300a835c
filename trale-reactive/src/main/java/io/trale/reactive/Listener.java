package io.trale.reactive;

import java.net.SocketAddress;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A socket that listens, of TCP or at a path. Where every connection is to be served the same way, [Trale#serve] is
/// simpler.
public interface Listener extends Disposable {

    /// The address with the port that was chosen, or the path.
    SocketAddress localAddress();

    /// The port that was chosen. Throws [UnsupportedOperationException] if this listens at a path.
    int port();

    /// The connections of clients: `request(n)` accepts n of them, all others wait in the kernel's backlog. The
    /// subscriber closes each connection; for those that operators in between discard, end the pipeline with
    /// `doOnDiscard(Connection.class, Connection::abort)`. Completes when the listener is closed. One subscriber at a time.
    Flux<Connection> accept();

    /// Stops listening. Connections that were accepted go on, and a path that was bound is removed. Idempotent.
    @Override
    void dispose();

    /// Completes when the socket is closed.
    Mono<Void> onClose();
}

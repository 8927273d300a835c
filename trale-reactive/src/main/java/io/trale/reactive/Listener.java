package io.trale.reactive;

import java.net.SocketAddress;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A listening socket: TCP, or a Unix domain socket at a path. If all connections have the same handler, [Trale#serve] is
/// simpler.
public interface Listener extends Disposable {

    /// The local address, with the port that the kernel chose if 0 was given; or the path.
    SocketAddress localAddress();

    /// The local port. Throws [UnsupportedOperationException] if this listens at a path.
    int port();

    /// The connections of clients: `request(n)` accepts n of them (`accept(2)`). Other connections wait in the kernel's listen
    /// backlog. The subscriber must close each connection. Operators may discard connections: end the pipeline with
    /// `doOnDiscard(Connection.class, Connection::abort)`. Completes when the listener is closed. If no descriptor or memory is
    /// left (`EMFILE`, `ENFILE`, `ENOMEM`), accepting pauses and is retried. One subscriber at a time; a second one fails with
    /// [IllegalStateException].
    Flux<Connection> accept();

    /// Stops listening. Accepted connections stay open; the path of a Unix socket is removed. Idempotent.
    @Override
    void dispose();

    /// Completes when the socket is closed.
    Mono<Void> onClose();
}

package io.trale.reactive.stream;

import io.trale.net.NetOptions;
import io.trale.reactive.Connection;
import java.io.IOException;

/// A connection as its [SocketServer] needs it. The server does not need to know what it consists of. Loop thread only.
interface ServedConnection extends Connection {

    /// Sets `options` of the socket.
    void apply(NetOptions options) throws IOException;

    /// Ends the input after what has arrived already, as if the peer had ended its side.
    void endInput();

    /// Closes at once, because the server or the loop ends: as [#abort], but without a reset if only the peer's end is missing.
    /// The kernel still delivers what was flushed.
    void end();

    /// Runs `action` once the socket is closed.
    void whenClosed(Runnable action);

    /// True if `failure` is this connection's own, not that of another resource that its handler uses.
    boolean isOwn(Throwable failure);
}

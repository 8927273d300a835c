package io.trale.reactive;

import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.BlockPool;
import io.trale.uring.Sqe;

/// The sending side of a connection. A `send(2)` is told not to wait, and so holds its block within one turn only: a peer
/// that does not read costs heap, up to the window, and nothing else.
final class SocketSender extends Sender {

    private final Connection connection;

    SocketSender(Connection connection) {
        super(connection.loop, connection.descriptor);
        this.connection = connection;
    }

    @Override
    BlockPool blocks() {
        return loop.reactor.sendBlocks();
    }

    @Override
    void prepare(Sqe sqe, long address, int length) {
        sqe.prepSend(descriptor().fd(), address, length, Net.MSG_NOSIGNAL | Net.MSG_DONTWAIT);
    }

    @Override
    String operation() {
        return "send(fd=" + descriptor().fd() + ", " + SocketAddresses.format(connection.remoteAddress()) + ")";
    }
}

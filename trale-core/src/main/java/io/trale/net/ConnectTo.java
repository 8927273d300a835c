package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.leaf.ReactorIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;

/// Connects a socket to one address.
final class ConnectTo extends ReactorIo implements Future<Void> {

    private final SocketAddress address;

    ConnectTo(Descriptor socket, SocketAddress address) {
        super(socket);
        this.address = address;
    }

    @Override
    public Void result() throws ErrnoException {
        Failure.check("connect", address, ioResult());
        return null;
    }

    @Override
    protected void fill(Sqe sqe) {
        MemorySegment memory = take(pools().scratch());
        sqe.prepConnect(descriptor().fd(), memory.address(), SocketAddresses.encode(address, memory));
    }

    /// Never repeats a connect: after an interruption the kernel continues it, and a second connect fails. See `connect(2)`.
    @Override
    protected boolean again(int result) {
        return false;
    }
}

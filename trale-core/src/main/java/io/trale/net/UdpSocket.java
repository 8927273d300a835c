package io.trale.net;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import io.trale.reactor.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Objects;

/// A UDP socket, unconnected or connected. Belongs to the executor of the thread that made it.
public final class UdpSocket implements AutoCloseable {

    private final Descriptor descriptor;
    private final InetSocketAddress localAddress;
    private final ReceiveFrom receive;
    private final SendTo send;

    private UdpSocket(Descriptor descriptor, InetSocketAddress localAddress) {
        this.descriptor = descriptor;
        this.localAddress = localAddress;
        receive = new ReceiveFrom(this);
        send = new SendTo(this);
    }

    /// A socket on `address`, port 0 meaning any free one. Fails with `EADDRINUSE`, `EACCES` and more; see `bind(2)`.
    public static UdpSocket bind(InetSocketAddress address) throws IOException {
        Reactor reactor = Reactor.current();
        reactor.checkThread();
        Descriptor socket = Sockets.open(reactor, Sockets.resolved(address), Net.SOCK_DGRAM);
        int result = Sockets.bind(socket, address);
        if (result < 0) {
            socket.close();
            throw Failure.of("bind", address, -result);
        }
        return new UdpSocket(socket, Sockets.localAddress(socket));
    }

    /// Makes `peer` the only one to send to and to receive from. See `connect(2)`.
    public Future<Void> connect(InetSocketAddress peer) {
        return new ConnectTo(descriptor, Sockets.resolved(peer));
    }

    /// Receives one datagram into the start of `buffer`. The future is the socket's own and is used for every receive: one
    /// at a time. A datagram that arrives for one that was cancelled is kept for the next. What it completes with is an object
    /// of its own; all else here allocates nothing. See `recvmsg(2)`.
    public Future<Datagram> receive(Buffer buffer) {
        return receive.begin(buffer);
    }

    /// Sends the `length` bytes of `buffer` from `offset` as one datagram to `peer`, whose host must be resolved; completes
    /// with `length`. The future is the socket's own and is used for every send: one at a time. Fails with `EMSGSIZE` if it
    /// is too long, among others; the next may be sent all the same. See `sendmsg(2)`.
    public IntFuture sendTo(Buffer buffer, int offset, int length, InetSocketAddress peer) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(buffer, offset, length, Sockets.resolved(peer));
    }

    /// As [#sendTo], to the peer that the socket is connected to. Fails with `EDESTADDRREQ` if it is to none, and with
    /// `ECONNREFUSED` if the peer has refused an earlier one.
    public IntFuture send(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(buffer, offset, length, null);
    }

    /// The address with the port that was chosen.
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    /// Closes the socket once the kernel has let go of what is in flight, which is cancelled. Idempotent.
    @Override
    public void close() {
        descriptor.close();
    }

    /// For trale-reactive.
    @SuppressWarnings("exports")
    public Descriptor descriptor() {
        return descriptor;
    }
}

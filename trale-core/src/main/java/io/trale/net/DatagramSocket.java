package io.trale.net;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import java.net.SocketAddress;
import java.util.Objects;

/// A socket for datagrams, unconnected or connected. A receive brings a `D`.
public abstract sealed class DatagramSocket<A extends SocketAddress, D> extends NetworkSocket<A>
        permits UdpSocket, UnixDatagramSocket {

    private final A localAddress;
    private final ReceiveFrom<A, D> receive;
    private final SendTo send;

    DatagramSocket(Class<A> addressType, Descriptor descriptor, A localAddress) {
        super(addressType, descriptor);
        this.localAddress = localAddress;
        receive = new ReceiveFrom<>(this);
        send = new SendTo(this);
    }

    /// What a receive has brought.
    abstract D datagram(int length, int size, A sender);

    /// Makes `peer` the only one to send to and to receive from. See `connect(2)`.
    public Future<Void> connect(A peer) {
        SocketAddresses.check(peer);
        descriptor().checkThread();
        return new ConnectTo(descriptor(), peer);
    }

    /// Receives one datagram into the start of `buffer`. The future is the socket's own and is used for every receive: one
    /// at a time. A datagram that arrives for one that was cancelled is kept for the next. What it completes with is an object
    /// of its own; all else here allocates nothing. See `recvmsg(2)`.
    public Future<D> receive(Buffer buffer) {
        return receive.begin(buffer);
    }

    /// Sends the `length` bytes of `buffer` from `offset` as one datagram to `peer`, whose host must be resolved; completes
    /// with `length`. The future is the socket's own and is used for every send: one at a time. Fails with `EMSGSIZE` if it
    /// is too long, among others; the next may be sent all the same. See `sendmsg(2)`.
    public IntFuture sendTo(Buffer buffer, int offset, int length, A peer) {
        SocketAddresses.check(peer);
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(peer, buffer, offset, length);
    }

    /// As [#sendTo(Buffer, int, int, SocketAddress)], of the bytes of all `slices`, one behind the other, of which there are
    /// at most 1024. All their buffers are lent until it is done.
    public IntFuture sendTo(A peer, Slice... slices) {
        SocketAddresses.check(peer);
        return send.begin(peer, slices);
    }

    /// As [#sendTo(Buffer, int, int, SocketAddress)], to the peer that the socket is connected to. Fails with
    /// `EDESTADDRREQ` or `ENOTCONN` if it is to none, and with `ECONNREFUSED` if the peer has refused an earlier one.
    public IntFuture send(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(null, buffer, offset, length);
    }

    /// As [#sendTo(SocketAddress, Slice...)], to the peer that the socket is connected to.
    public IntFuture send(Slice... slices) {
        return send.begin(null, slices);
    }

    /// The address that it was bound to, with the port that was chosen. Any thread.
    @Override
    public A localAddress() {
        return localAddress;
    }
}

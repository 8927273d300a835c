package io.trale.net;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import java.net.SocketAddress;
import java.util.Objects;

/// A datagram socket, connected or unconnected. `A` is the type of its addresses, `D` of received datagrams.
public abstract sealed class DatagramSocket<A extends SocketAddress, D> extends NetworkSocket<A>
        permits UdpSocket, UnixDatagramSocket {

    private final A localAddress;
    private final ReceiveFrom<A, D> receive;
    private final SendTo send;

    DatagramSocket(Class<A> addressType, Descriptor descriptor, A localAddress) {
        super(addressType, descriptor);
        this.localAddress = localAddress;
        receive = new ReceiveFrom<>(this);
        send = new SendTo(descriptor, localAddress);
    }

    /// Creates the result of a receive.
    abstract D datagram(int length, int size, A sender);

    /// Connects the socket to `peer`: [#send] sends to `peer`, and only datagrams from `peer` are received. See
    /// `connect(2)`.
    public Future<Void> connect(A peer) {
        SocketAddresses.check(peer);
        descriptor().checkThread();
        return new ConnectTo(descriptor(), peer);
    }

    /// Receives one datagram to the start of `buffer`. A datagram, or an error, that arrives for a cancelled receive is kept
    /// for the next one. If there is no heap memory for a datagram, one receive fails with `ENOMEM`. See `recvmsg(2)`.
    ///
    /// Every call returns the same future. Only one receive may be in progress: a second one throws [IllegalStateException].
    /// The result is a new object; nothing else is allocated.
    public Future<D> receive(Buffer buffer) {
        return receive.begin(buffer);
    }

    /// Sends the `length` bytes of `buffer` from `offset` as one datagram to `peer`, whose host must be resolved. Completes
    /// with `length`. Fails with `EMSGSIZE` if the datagram is too long, among others; later sends are not affected. See
    /// `sendmsg(2)`.
    ///
    /// Every call returns the same future. Only one send may be in progress: a second one throws [IllegalStateException].
    public IntFuture sendTo(Buffer buffer, int offset, int length, A peer) {
        SocketAddresses.check(peer);
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(peer, buffer, offset, length);
    }

    /// Sends the bytes of all `slices`, at most 1024, in order as one datagram. The buffers of all slices belong to the
    /// kernel until the send completes. Otherwise as [#sendTo(Buffer, int, int, SocketAddress)].
    public IntFuture sendTo(A peer, Slice... slices) {
        SocketAddresses.check(peer);
        return send.begin(peer, slices);
    }

    /// As [#sendTo(Buffer, int, int, SocketAddress)], to the connected peer. Fails with `EDESTADDRREQ` or `ENOTCONN` if the
    /// socket is not connected, and with `ECONNREFUSED` if the peer has rejected an earlier datagram.
    public IntFuture send(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(null, buffer, offset, length);
    }

    /// As [#sendTo(SocketAddress, Slice...)], to the connected peer.
    public IntFuture send(Slice... slices) {
        return send.begin(null, slices);
    }

    /// The local address. If the socket was bound to port 0, it contains the port that the kernel has chosen. Any thread.
    @Override
    public A localAddress() {
        return localAddress;
    }
}

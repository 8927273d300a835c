package io.trale.net;

import io.trale.future.IntFuture;
import io.trale.io.AsyncRead;
import io.trale.io.AsyncWrite;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.leaf.Sockets;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;

/// A connection: bytes in order, both ways.
public abstract sealed class StreamSocket<A extends SocketAddress> extends NetworkSocket<A> implements AsyncRead, AsyncWrite
        permits TcpStream, UnixStream {

    private final A remoteAddress;
    private final Receive receive;
    private final Send send;

    StreamSocket(Class<A> addressType, Descriptor descriptor, A remoteAddress) {
        super(addressType, descriptor);
        this.remoteAddress = remoteAddress;
        receive = new Receive(this);
        send = new Send(this);
    }

    /// Receives, as `recv(2)`; 0 means that the peer has ended its side. Fails with `ECONNRESET` among others. Bytes
    /// that arrive for a read that was cancelled are kept for the next one.
    @Override
    public IntFuture read(Buffer buffer) {
        return receive.begin(buffer);
    }

    /// Sends as much as there is room for, as `send(2)`, and waits while there is none. Fails with `EPIPE` or `ECONNRESET`
    /// when the peer is gone. One that is cancelled while it waits has sent nothing.
    @Override
    public IntFuture write(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(buffer, offset, length);
    }

    /// As [#write(Buffer, int, int)], of the bytes of all `slices`, one behind the other; see `sendmsg(2)`.
    @Override
    public IntFuture write(Slice... slices) {
        return send.begin(slices);
    }

    /// Ends our side: the peer reads to the end of what was sent, and then 0. Reading goes on. See `shutdown(2)`.
    public void shutdownOutput() throws IOException {
        Descriptor socket = descriptor();
        socket.checkThread();
        int result = socket.isOpen() ? socket.reactor().kernel().shutdown(socket.fd(), Net.SHUT_WR) : 0;
        if (result < 0) {
            throw Failure.of("shutdown", socket.fd(), remoteAddress, -result);
        }
    }

    /// Our side's address. Fails with `EBADF` when the socket is closed.
    @Override
    public A localAddress() throws IOException {
        descriptor().checkThread();
        return cast(Sockets.localAddress(descriptor()));
    }

    /// The peer's address, known also when it is gone. Any thread.
    public A remoteAddress() {
        return remoteAddress;
    }
}

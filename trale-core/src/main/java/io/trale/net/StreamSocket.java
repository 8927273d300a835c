package io.trale.net;

import io.trale.future.IntFuture;
import io.trale.io.AsyncRead;
import io.trale.io.AsyncWrite;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.leaf.Sockets;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Objects;

/// A connected stream socket.
public abstract sealed class StreamSocket<A extends SocketAddress> extends NetworkSocket<A> implements AsyncRead, AsyncWrite
        permits TcpStream, UnixStream {

    private final A remoteAddress;
    private final Receive receive;
    private final Send send;
    private boolean outputShutDown;
    /// The error by which a write has found the connection broken, in both directions: `-errno`, or 0.
    private int brokenBy;

    StreamSocket(Class<A> addressType, Descriptor descriptor, A remoteAddress) {
        super(addressType, descriptor);
        this.remoteAddress = remoteAddress;
        receive = new Receive(this);
        send = new Send(this);
    }

    /// Receives as `recv(2)`; 0 means that the peer has shut down its output. Fails with `ECONNRESET` among others. Bytes
    /// that arrive for a cancelled read are kept for the next one. If there is no heap memory for them, every later read
    /// fails with `ENOMEM`, since the bytes are lost.
    ///
    /// If a write has failed because the connection is broken, the kernel reports the end of the stream to later reads. They
    /// fail with the error of that write instead.
    @Override
    public IntFuture read(Buffer buffer) {
        return receive.begin(buffer);
    }

    /// Sends as `send(2)`: as many bytes as fit in the send buffer. If the buffer is full, waits for space. Fails with
    /// `EPIPE` or `ECONNRESET` if the peer has closed the connection. A write that is cancelled while it waits has sent
    /// nothing.
    @Override
    public IntFuture write(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(buffer, offset, length);
    }

    /// As [#write(Buffer, int, int)], with the bytes of all `slices` in order; see `sendmsg(2)`.
    @Override
    public IntFuture write(Slice... slices) {
        return send.begin(slices);
    }

    /// Half-closes the connection: the peer reads all sent bytes, then end of stream. Reading is still possible. See
    /// `shutdown(2)`.
    public void shutdownOutput() throws IOException {
        Descriptor socket = descriptor();
        socket.checkThread();
        Failure.check("shutdown", socket.fd(), remoteAddress,
                socket.isOpen() ? socket.reactor().kernel().shutdown(socket.fd(), Net.SHUT_WR) : 0);
        outputShutDown = true;
    }

    /// A write has ended with `result`.
    final void written(int result) {
        switch (-result) {
            case Errno.ECONNRESET, Errno.ETIMEDOUT, Errno.ECONNABORTED -> brokenBy = result;
            case Errno.EPIPE -> brokenBy = outputShutDown ? brokenBy : result; // after our own end, the peer may still send
            default -> { }
        }
    }

    /// The error by which a write has found the connection broken: `-errno`, or 0.
    final int brokenBy() {
        return brokenBy;
    }

    /// The local address. Fails with `EBADF` if the socket is closed.
    @Override
    public A localAddress() throws IOException {
        descriptor().checkThread();
        return cast(Sockets.localAddress(descriptor()));
    }

    /// The address of the peer, available also after the connection has ended. Any thread.
    public A remoteAddress() {
        return remoteAddress;
    }
}

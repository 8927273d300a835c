package io.trale.net;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.AsyncRead;
import io.trale.io.AsyncWrite;
import io.trale.io.Buffer;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;

/// A TCP connection. Belongs to the executor of the thread that made it; `TCP_NODELAY` is set.
public final class TcpStream implements AsyncRead, AsyncWrite, AutoCloseable {

    private final Descriptor descriptor;
    private final InetSocketAddress remoteAddress;
    private final Receive receive;
    private final Send send;

    private TcpStream(Descriptor descriptor, InetSocketAddress remoteAddress) {
        this.descriptor = descriptor;
        this.remoteAddress = remoteAddress;
        receive = new Receive(this);
        send = new Send(this);
    }

    /// A stream on a connected socket.
    static TcpStream accepted(Descriptor descriptor, InetSocketAddress remoteAddress) {
        Sockets.prepareStream(descriptor);
        return new TcpStream(descriptor, remoteAddress);
    }

    /// Connects to `address`. Fails with `ECONNREFUSED`, `ETIMEDOUT` and more; see `connect(2)`.
    public static Future<TcpStream> connect(InetSocketAddress address) {
        return connect(List.of(address));
    }

    /// Connects to the first of `addresses` that answers, tried in order. Fails as the last one failed.
    public static Future<TcpStream> connect(List<InetSocketAddress> addresses) {
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("no address to connect to");
        }
        addresses.forEach(Sockets::resolved);
        return new Connect(List.copyOf(addresses));
    }

    /// Receives, as `recv(2)`; 0 means that the peer has ended its side. Fails with `ECONNRESET` among others. Bytes
    /// that arrive for a read that was cancelled are kept for the next one.
    @Override
    public IntFuture read(Buffer buffer) {
        return receive.begin(buffer);
    }

    /// Sends, as `send(2)`. Fails with `EPIPE` or `ECONNRESET` when the peer is gone.
    @Override
    public IntFuture write(Buffer buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        return send.begin(buffer, offset, length);
    }

    /// Ends our side: the peer reads to the end of what was sent, and then 0. Reading goes on. See `shutdown(2)`.
    public void shutdownOutput() throws IOException {
        int result = descriptor.isOpen() ? descriptor.reactor().kernel().shutdown(descriptor.fd(), Net.SHUT_WR) : 0;
        if (result < 0) {
            throw Failure.of("shutdown", descriptor.fd(), remoteAddress, -result);
        }
    }

    /// Closes the connection once the kernel has let go of what is in flight, which is cancelled: those futures fail
    /// with `ECANCELED`. Idempotent.
    @Override
    public void close() {
        descriptor.close();
    }

    /// Our side's address.
    public InetSocketAddress localAddress() throws IOException {
        return Sockets.localAddress(descriptor);
    }

    /// The peer's address, known also when it is gone.
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    /// For trale-reactive.
    @SuppressWarnings("exports")
    public Descriptor descriptor() {
        return descriptor;
    }
}

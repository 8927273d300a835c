package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import io.trale.leaf.Sockets;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.function.BiFunction;

/// Connects to the first address that accepts; tries the addresses in order.
final class Connect<A extends SocketAddress, S extends StreamSocket<A>> implements Future<S> {

    private final List<A> addresses;
    private final NetOptions options;
    private final BiFunction<Descriptor, A, S> streams;
    private int next;
    private Descriptor socket;
    private ConnectTo attempt;
    private S stream;
    private boolean taken;
    private ErrnoException failure;

    /// `streams` creates the stream from the connected socket and its address.
    Connect(List<A> addresses, NetOptions options, BiFunction<Descriptor, A, S> streams) {
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("no address to connect to");
        }
        addresses.forEach(SocketAddresses::check);
        this.addresses = List.copyOf(addresses);
        this.options = options;
        this.streams = streams;
    }

    @Override
    public boolean poll(Waker waker) {
        while (stream == null && (attempt != null || next < addresses.size())) {
            A address = addresses.get(attempt != null ? next - 1 : next++);
            try {
                if (attempt == null) {
                    socket = Sockets.open(Reactor.current(), address, Net.SOCK_STREAM);
                    options.applyTo(socket);
                    attempt = new ConnectTo(socket, address);
                }
                if (!attempt.poll(waker)) {
                    return false;
                }
                attempt.result();
                checkNotOurselves(address);
                stream = streams.apply(socket, address);
            } catch (ErrnoException e) {
                failure = e;
                if (socket != null) {
                    socket.close();
                }
            }
            attempt = null;
            socket = null;
        }
        return true;
    }

    /// Rejects a connection of the socket to itself. It can occur if no socket listens on a local port: the kernel may
    /// choose the same port as the local port, and the connect succeeds (a simultaneous open, RFC 9293, 3.5).
    private void checkNotOurselves(A address) throws ErrnoException {
        if (address instanceof InetSocketAddress && Sockets.localAddress(socket).equals(address)) {
            Sockets.resetOnClose(socket); // a normal close would leave the port in TIME_WAIT
            throw Failure.of("connect", address, Errno.ECONNREFUSED);
        }
    }

    @Override
    public S result() throws ErrnoException {
        if (attempt != null) {
            attempt.result();
        }
        if (stream == null) {
            throw failure;
        }
        stream.descriptor().checkThread();
        taken = true;
        return stream;
    }

    @Override
    public void cancel() {
        if (attempt != null) {
            attempt.cancel();
            attempt = null;
        }
        if (socket != null) {
            socket.close();
            socket = null;
        }
        if (stream != null && !taken) {
            stream.close();
        }
    }
}

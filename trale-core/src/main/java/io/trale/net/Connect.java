package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Reactor;
import io.trale.reactor.Sockets;
import java.net.InetSocketAddress;
import java.util.List;

/// Tries one address after the other.
final class Connect implements Future<TcpStream> {

    private final List<InetSocketAddress> addresses;
    private int next;
    private Descriptor socket;
    private ConnectTo attempt;
    private TcpStream stream;
    private ErrnoException failure;

    Connect(List<InetSocketAddress> addresses) {
        this.addresses = addresses;
    }

    @Override
    public boolean poll(Waker waker) {
        while (stream == null && (attempt != null || next < addresses.size())) {
            InetSocketAddress address = addresses.get(attempt != null ? next - 1 : next++);
            try {
                if (attempt == null) {
                    socket = Sockets.open(Reactor.current(), address, Net.SOCK_STREAM);
                    attempt = new ConnectTo(socket, address);
                }
                if (!attempt.poll(waker)) {
                    return false;
                }
                attempt.result();
                stream = TcpStream.accepted(socket, address);
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

    @Override
    public TcpStream result() throws ErrnoException {
        if (stream == null) {
            throw failure;
        }
        return stream;
    }

    @Override
    public void cancel() {
        if (attempt != null) {
            attempt.cancel();
            socket.close();
            attempt = null;
        }
        if (stream != null) {
            stream.close();
        }
    }
}

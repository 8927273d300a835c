package io.trale.net;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Reactor;
import io.trale.reactor.ReactorIo;
import io.trale.reactor.Sockets;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;

/// Tries one address after the other.
final class Connect implements Future<TcpStream> {

    private final List<InetSocketAddress> addresses;
    private int next;
    private Attempt attempt;
    private TcpStream stream;
    private ErrnoException failure;

    Connect(List<InetSocketAddress> addresses) {
        this.addresses = addresses;
    }

    @Override
    public boolean poll(Waker waker) {
        while (stream == null && (attempt != null || next < addresses.size())) {
            if (attempt == null) {
                InetSocketAddress address = addresses.get(next++);
                Reactor reactor = Reactor.current();
                try {
                    attempt = new Attempt(Sockets.open(reactor, address, Net.SOCK_STREAM), address);
                } catch (ErrnoException e) {
                    failure = e;
                    continue;
                }
            }
            if (!attempt.poll(waker)) {
                return false;
            }
            attempt.finish();
            attempt = null;
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
            attempt.socket.close(); // which cancels
            attempt = null;
        }
        if (stream != null) {
            stream.close();
        }
    }

    private final class Attempt extends ReactorIo {

        final Descriptor socket;
        private final InetSocketAddress address;
        private MemorySegment memory;

        Attempt(Descriptor socket, InetSocketAddress address) {
            super(socket);
            this.socket = socket;
            this.address = address;
        }

        boolean poll(Waker waker) {
            return submitOrGetResult(waker);
        }

        void finish() {
            if (ioResult() == 0) {
                stream = TcpStream.accepted(socket, address);
            } else {
                failure = Failure.of("connect", address, -ioResult());
                socket.close();
            }
        }

        @Override
        protected void fill(Sqe sqe) {
            memory = socket.reactor().scratch().take();
            sqe.prepConnect(socket.fd(), memory.address(), SocketAddresses.encode(address, memory));
        }

        @Override
        protected void released(int result) {
            if (memory != null) {
                socket.reactor().scratch().give(memory);
                memory = null;
            }
        }
    }
}

package io.trale.reactor;

import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.sim.SimKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Connections of a simulated kernel to receive from.
final class SimConnection {

    private static final InetSocketAddress ADDRESS = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7000);

    private SimConnection() {}

    /// A connection on which `bytes` have arrived. `reactor` is on `sim`, perhaps with another kernel in between.
    static Descriptor accept(Reactor reactor, SimKernel sim, byte... bytes) {
        Descriptor listener = new Descriptor(reactor, reactor.kernel().socket(Net.AF_INET, Net.SOCK_STREAM, 0));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SocketAddresses.MAX_BYTES, 8);
            reactor.kernel().bind(listener.fd(), address, SocketAddresses.encode(ADDRESS, address));
        }
        reactor.kernel().listen(listener.fd(), 1);
        sim.connectTo(ADDRESS).send(bytes);
        TestOperation accept = new TestOperation(listener, sqe -> sqe.prepAccept(listener.fd(), 0, 0, Net.SOCK_CLOEXEC));
        reactor.stage(accept);
        while (accept.inFlight()) {
            reactor.turn(Long.MAX_VALUE);
        }
        listener.close();
        return new Descriptor(reactor, accept.results.getFirst());
    }

    /// A receive from `connection` into a buffer of `group`.
    static TestOperation receive(Descriptor connection, BufferGroup group) {
        return new TestOperation(connection, sqe -> sqe.prepRecvSelect(connection.fd(), group.id(), 0));
    }
}

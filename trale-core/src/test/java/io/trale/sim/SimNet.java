package io.trale.sim;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;

/// The network: one host with its ports.
final class SimNet {

    private final Map<Integer, SimTcp> listeners = new HashMap<>();
    private final Map<Integer, SimUdp> bound = new HashMap<>();
    private int nextPort = 40_000;

    /// `address`, with a free port in place of 0; null if the port is in use.
    InetSocketAddress freeTcpPort(InetSocketAddress address) {
        return free(address, listeners);
    }

    /// As [#freeTcpPort].
    InetSocketAddress freeUdpPort(InetSocketAddress address) {
        return free(address, bound);
    }

    private InetSocketAddress free(InetSocketAddress address, Map<Integer, ?> taken) {
        if (address.getPort() == 0) {
            return new InetSocketAddress(address.getAddress(), nextPort++);
        }
        return taken.containsKey(address.getPort()) ? null : address;
    }

    void listening(SimTcp socket) {
        listeners.put(socket.local().getPort(), socket);
    }

    void notListening(SimTcp socket) {
        listeners.remove(socket.local().getPort(), socket);
    }

    /// The listener on the port of `address`, or null.
    SimTcp listeningOn(InetSocketAddress address) {
        return listeners.get(address.getPort());
    }

    void bound(SimUdp socket) {
        bound.put(socket.local().getPort(), socket);
    }

    void notBound(SimUdp socket) {
        bound.remove(socket.local().getPort(), socket);
    }

    /// The UDP socket on the port of `address`, or null.
    SimUdp boundTo(InetSocketAddress address) {
        return bound.get(address.getPort());
    }
}

package io.trale.sim;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/// A UDP socket outside of the program, without delays: its datagrams arrive, or are dropped, at once, and so do those sent to
/// it. So a test knows all datagrams and their order. Loop thread only.
public final class SimUdpPeer {

    private final SimKernel kernel;
    private final SimUdp socket;

    public SimUdpPeer(SimKernel kernel) {
        this.kernel = kernel;
        socket = new SimUdp(kernel);
        socket.near();
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /// The address of this peer.
    public InetSocketAddress address() {
        return socket.local();
    }

    /// Sends `bytes` to `address`. Returns false if the datagram was dropped: the receive buffer is full, or no socket is bound.
    public boolean send(byte[] bytes, InetSocketAddress address) {
        SimUdp target = kernel.net.boundTo(address);
        return target != null && target.receive(bytes, address());
    }

    /// Reports `ECONNREFUSED` to the socket bound to `address`, if there is one.
    public void refuse(InetSocketAddress address) {
        SimUdp target = kernel.net.boundTo(address);
        if (target != null) {
            target.refused();
        }
    }

    /// Takes the received datagrams, in order.
    public List<byte[]> received() {
        List<byte[]> received = new ArrayList<>();
        while (socket.receivable() == 0) {
            received.add(socket.take().bytes());
        }
        return received;
    }
}

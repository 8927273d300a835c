package io.trale.sim;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/// Somebody outside with a UDP socket, to whom there is no way to go: what it sends arrives or is dropped at once, what is
/// sent to it arrives at once. So a test knows which datagrams there were, and in what order. Loop thread only.
public final class SimUdpPeer {

    private final SimKernel kernel;
    private final SimUdp socket;

    public SimUdpPeer(SimKernel kernel) {
        this.kernel = kernel;
        socket = new SimUdp(kernel);
        socket.near();
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /// Where to send to.
    public InetSocketAddress address() {
        return socket.local();
    }

    /// Sends `bytes` to `address`. Returns false if it was dropped: for want of room, or of anybody there.
    public boolean send(byte[] bytes, InetSocketAddress address) {
        SimUdp target = kernel.net.boundTo(address);
        return target != null && target.receive(bytes, address());
    }

    /// Has whoever is bound to `address`, if anybody is, learn that it has sent to where nobody is: `ECONNREFUSED`.
    public void refuse(InetSocketAddress address) {
        SimUdp target = kernel.net.boundTo(address);
        if (target != null) {
            target.refused();
        }
    }

    /// Takes what has come, in that order.
    public List<byte[]> received() {
        List<byte[]> received = new ArrayList<>();
        while (socket.receivable() == 0) {
            received.add(socket.take().bytes());
        }
        return received;
    }
}

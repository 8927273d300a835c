package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;

/// A UDP socket, connected or not, as `udp(7)`.
///
/// A sent datagram leaves the send buffer and arrives later, in any order: once, twice or never. If the receive buffer is full,
/// it is dropped and counted. If no socket is bound to its address, a connected sender gets an error.
final class SimUdp extends SimSocket {

    /// A received datagram. `drops` is the number of datagrams dropped before it if `SO_RXQ_OVFL` is set, else 0.
    record Datagram(byte[] bytes, InetSocketAddress sender, int drops) {}

    /// The size of the largest datagram over IPv4, in bytes.
    private static final int MAX_BYTES = 65_507;

    /// The space that a datagram takes in the receive buffer, in addition to its bytes.
    private static final int OVERHEAD_BYTES = 32;

    private final ArrayDeque<Datagram> arrived = new ArrayDeque<>();
    private int arrivedBytes;
    private int leavingBytes;
    private boolean near;
    private int drops;
    private boolean countsDrops;
    private boolean readShutdown;
    private boolean writeShutdown;

    SimUdp(SimKernel kernel) {
        super(kernel);
    }

    @Override
    boolean isConnected() {
        return remote != null;
    }

    @Override
    int bind(InetSocketAddress address) {
        if (local != null) {
            return -Errno.EINVAL;
        }
        InetSocketAddress free = kernel.net.freeUdpPort(address);
        if (free == null) {
            return -Errno.EADDRINUSE;
        }
        local = free;
        kernel.net.bound(this);
        return 0;
    }

    @Override
    int connect(InetSocketAddress address) {
        bindTo(address.getAddress());
        remote = address;
        return 0;
    }

    @Override
    int failToConnect() {
        return -Errno.ENETUNREACH;
    }

    /// Binds the socket to a free port if it is not bound.
    private void bindTo(InetAddress address) {
        if (local == null) {
            bind(new InetSocketAddress(address, 0));
        } else if (local.getAddress().isAnyLocalAddress()) {
            local = new InetSocketAddress(address, local.getPort());
        }
    }

    @Override
    void setOption(int name, MemorySegment value) {
        if (name == Net.SO_RXQ_OVFL) {
            countsDrops = value.get(JAVA_INT, 0) != 0;
        } else {
            super.setOption(name, value);
        }
    }

    @Override
    int shutdown(int how) {
        if (!isConnected()) {
            return -Errno.ENOTCONN;
        }
        readShutdown |= how != Net.SHUT_WR;
        writeShutdown |= how != Net.SHUT_RD;
        changed();
        return 0;
    }

    // ---- sending

    /// Sends `bytes` to `address`, or to the connected peer if that is null. Returns the count, or `-errno`; `-EAGAIN` while the
    /// send buffer is full. The last datagram may exceed the buffer.
    int send(byte[] bytes, InetSocketAddress address) {
        InetSocketAddress to = address != null ? address : remote;
        if (to == null) {
            return -SimErrno.EDESTADDRREQ;
        }
        if (bytes.length > MAX_BYTES) {
            return -SimErrno.EMSGSIZE;
        }
        if (error != 0) {
            return -takeError();
        }
        if (writeShutdown) {
            return -Errno.EPIPE;
        }
        if (leavingBytes >= sendBufferBytes) {
            return -Errno.EAGAIN;
        }
        if (local == null) {
            bind(new InetSocketAddress("0.0.0.0", 0));
        }
        leave(bytes.length + OVERHEAD_BYTES);
        InetSocketAddress from = !local.getAddress().isAnyLocalAddress() ? local
                : new InetSocketAddress(to.getAddress(), local.getPort());
        if (!kernel.dice.fault(Fault.LOSS)) {
            travel(bytes, from, to);
            if (kernel.dice.fault(Fault.DUPLICATION)) {
                travel(bytes, from, to);
            }
        }
        return bytes.length;
    }

    private void leave(int size) {
        leavingBytes += size;
        kernel.soon(() -> {
            leavingBytes -= size;
            changed();
        });
    }

    private void travel(byte[] bytes, InetSocketAddress from, InetSocketAddress to) {
        SimUdp target = kernel.net.boundTo(to);
        if (target != null && target.near) {
            arrive(bytes, from, to);
        } else {
            kernel.soon(() -> arrive(bytes, from, to));
        }
    }

    private void arrive(byte[] bytes, InetSocketAddress from, InetSocketAddress to) {
        SimUdp target = kernel.net.boundTo(to);
        if (target != null && (target.remote == null || target.remote.equals(from))) {
            target.receive(bytes, from);
        } else if (to.equals(remote)) {
            kernel.soon(this::refused);
        }
    }

    void refused() {
        error = Errno.ECONNREFUSED;
        changed();
    }

    // ---- receiving

    /// From now on, datagrams to this socket arrive at once and in order, and are never dropped.
    void near() {
        near = true;
        receiveBufferBytes = Integer.MAX_VALUE;
    }

    /// Returns false if it was dropped.
    boolean receive(byte[] bytes, InetSocketAddress from) {
        if (readShutdown || !arrived.isEmpty() && arrivedBytes + bytes.length + OVERHEAD_BYTES > receiveBufferBytes) {
            drops++;
            return false;
        }
        arrived.add(new Datagram(bytes, from, countsDrops ? drops : 0));
        arrivedBytes += bytes.length + OVERHEAD_BYTES;
        changed();
        return true;
    }

    /// 0 if there is a datagram to [#take], `-EAGAIN` if a receive would block, or the error.
    int receivable() {
        return error != 0 ? -takeError() : arrived.isEmpty() ? -Errno.EAGAIN : 0;
    }

    boolean isReadShutdown() {
        return readShutdown;
    }

    /// Takes the next datagram; there is one.
    Datagram take() {
        Datagram first = arrived.remove();
        arrivedBytes -= first.bytes.length + OVERHEAD_BYTES;
        return first;
    }

    @Override
    void released() {
        if (local != null) {
            kernel.net.notBound(this);
        }
    }

    @Override
    int poll() {
        return (leavingBytes < sendBufferBytes / 2 ? Net.POLLOUT : 0) | (error != 0 ? Net.POLLERR : 0)
                | (readShutdown ? Net.POLLIN | POLLRDHUP : 0) | (arrived.isEmpty() ? 0 : Net.POLLIN);
    }

    @Override
    public String toString() {
        return "udp(" + local + ", " + remote + ")";
    }
}

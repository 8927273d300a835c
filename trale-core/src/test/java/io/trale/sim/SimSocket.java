package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Net;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/// A socket: addresses, buffers and pending error.
abstract class SimSocket extends SimFile {

    InetSocketAddress local;
    InetSocketAddress remote;
    int error;
    int sendBufferBytes;
    int receiveBufferBytes;

    SimSocket(SimKernel kernel) {
        super(kernel);
        sendBufferBytes = kernel.socketBufferBytes();
        receiveBufferBytes = kernel.socketBufferBytes();
    }

    InetSocketAddress local() {
        return local;
    }

    InetSocketAddress remote() {
        return remote;
    }

    abstract boolean isConnected();

    abstract int bind(InetSocketAddress address);

    /// Returns 0 if connected, `-EALREADY` while connecting, or the error.
    abstract int connect(InetSocketAddress address);

    /// Fails a connect. Returns `-errno`.
    abstract int failToConnect();

    abstract int shutdown(int how);

    /// Listens. Passes connections to `acceptor`, or keeps them for accepts if `acceptor` is null.
    int listen(int limit, Consumer<SimTcp> acceptor) {
        return -SimErrno.EOPNOTSUPP;
    }

    /// Sets an option of `SOL_SOCKET`; options without effect in this simulation are ignored.
    void setOption(int name, MemorySegment value) {
        switch (name) {
            case Net.SO_SNDBUF -> sendBufferBytes = value.get(JAVA_INT, 0);
            case Net.SO_RCVBUF -> receiveBufferBytes = value.get(JAVA_INT, 0);
            default -> { }
        }
    }

    /// Writes `struct linger`.
    void linger(MemorySegment target) {
        target.set(JAVA_INT, 0, 0);
        target.set(JAVA_INT, 4, 0);
    }

    final int takeError() {
        int taken = error;
        error = 0;
        return taken;
    }
}

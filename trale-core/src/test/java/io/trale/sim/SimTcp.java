package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.function.Consumer;

/// A TCP socket: listening with a backlog, or one end of two byte pipes, as `tcp(7)`.
///
/// Sent bytes arrive later, in order, and wait at the other end until they are received. Both kinds together fit in the two
/// socket buffers. A reset may overtake data.
final class SimTcp extends SimSocket {

    private enum State { NEW, LISTENING, CONNECTING, CONNECTED, DEAD }

    private static final long SYN_RETRY_NANOS = 1_000_000_000L;
    private static final int SYN_RETRIES = 3;

    private State state = State.NEW;
    private SimTcp peer;

    // listening
    private final ArrayDeque<SimTcp> backlog = new ArrayDeque<>();
    private int backlogLimit;

    // receiving
    private final ArrayDeque<byte[]> arrived = new ArrayDeque<>();
    private int arrivedBytes;
    private int travellingBytes;
    private boolean peerFinished;
    private boolean readShutdown;

    // sending
    private long lastArrival;
    private int onTheWay;
    private boolean finished;

    private boolean reset;
    private boolean resetOnClose;
    private int lingerSeconds;
    private boolean orphan;

    /// Called after every change, if this belongs to a [SimPeer].
    private Runnable listener;
    /// Takes connections in place of accepts, if this listens for a [SimPeer].
    private Consumer<SimTcp> acceptor;

    SimTcp(SimKernel kernel) {
        super(kernel);
    }

    // ---- names and options

    @Override
    boolean isConnected() {
        return remote != null && state == State.CONNECTED;
    }

    @Override
    int bind(InetSocketAddress address) {
        if (local != null || state != State.NEW) {
            return -Errno.EINVAL;
        }
        InetSocketAddress free = kernel.net.freeTcpPort(address);
        if (free == null) {
            return -Errno.EADDRINUSE;
        }
        local = free;
        return 0;
    }

    void resetOnClose(boolean yes) {
        resetOnClose = yes;
    }

    @Override
    void setOption(int name, MemorySegment value) {
        if (name == Net.SO_LINGER) {
            lingerSeconds = value.get(JAVA_INT, 0) != 0 ? value.get(JAVA_INT, 4) : 0;
            resetOnClose(value.get(JAVA_INT, 0) != 0 && lingerSeconds == 0);
        } else {
            super.setOption(name, value);
        }
    }

    @Override
    boolean lingers() {
        return lingerSeconds > 0;
    }

    @Override
    void linger(MemorySegment target) {
        target.set(JAVA_INT, 0, lingerSeconds > 0 || resetOnClose ? 1 : 0);
        target.set(JAVA_INT, 4, lingerSeconds);
    }

    void listener(Runnable listener) {
        this.listener = listener;
    }

    @Override
    void changed() {
        super.changed();
        if (listener != null) {
            listener.run();
        }
    }

    // ---- listening

    @Override
    int listen(int limit, Consumer<SimTcp> acceptor) {
        if (state != State.NEW && state != State.LISTENING) {
            return -Errno.EINVAL;
        }
        if (local == null) {
            local = kernel.net.freeTcpPort(new InetSocketAddress("127.0.0.1", 0));
        }
        this.acceptor = acceptor;
        backlogLimit = Math.max(1, limit);
        state = State.LISTENING;
        kernel.net.listening(this);
        return 0;
    }

    boolean isListening() {
        return state == State.LISTENING;
    }

    /// Takes the next connection of the backlog, or returns null.
    SimTcp accept() {
        return backlog.poll();
    }

    /// A client connects: its SYN has arrived.
    private void knocked(SimTcp client) {
        SimTcp here = new SimTcp(kernel);
        here.lingerSeconds = lingerSeconds;
        here.local = client.remote;
        here.remote = client.local;
        here.peer = client;
        here.state = State.CONNECTED;
        client.peer = here;
        client.travel(client::established);
        if (acceptor != null) {
            acceptor.accept(here);
        } else {
            backlog.add(here);
            changed();
        }
    }

    // ---- connecting

    @Override
    int connect(InetSocketAddress address) {
        if (state == State.NEW) {
            if (local == null) {
                local = kernel.net.freeTcpPort(new InetSocketAddress(address.getAddress(), 0));
            }
            remote = address;
            state = State.CONNECTING;
            knock(0);
        }
        return switch (state) {
            case CONNECTED -> 0;
            case CONNECTING -> -Errno.EALREADY;
            default -> error != 0 ? -takeError() : -Errno.ECONNABORTED;
        };
    }

    @Override
    int failToConnect() {
        die(0);
        return -kernel.dice.oneOf(Errno.ENETUNREACH, Errno.ETIMEDOUT, Errno.EADDRINUSE);
    }

    private void knock(int attempt) {
        travel(() -> {
            SimTcp listening = kernel.net.listeningOn(remote);
            if (state != State.CONNECTING || orphan) {
                return;
            }
            if (listening == null) {
                travel(() -> die(Errno.ECONNREFUSED));
            } else if (listening.backlog.size() < listening.backlogLimit) {
                listening.knocked(this);
            } else if (attempt < SYN_RETRIES) {
                kernel.time.after(SYN_RETRY_NANOS << attempt, () -> knock(attempt + 1));
            } else {
                die(Errno.ETIMEDOUT);
            }
        });
    }

    private void established() {
        if (state == State.CONNECTING) {
            state = State.CONNECTED;
            changed();
        }
        if (orphan) {
            sendReset();
        }
    }

    // ---- receiving

    /// The number of bytes that a receive can take; 0 at the end of the stream, `-EAGAIN` if it would block, or the error.
    int receivable() {
        if (arrivedBytes > 0) {
            return arrivedBytes;
        }
        if (error != 0 && !peerFinished) {
            return -takeError();
        }
        if (peerFinished || readShutdown || reset) {
            return 0;
        }
        return state == State.CONNECTED ? -Errno.EAGAIN : -Errno.ENOTCONN;
    }

    /// Takes `count` bytes, which have arrived.
    byte[] pull(int count) {
        byte[] taken = new byte[count];
        for (int done = 0; done < count;) {
            byte[] first = arrived.remove();
            int n = Math.min(first.length, count - done);
            System.arraycopy(first, 0, taken, done, n);
            done += n;
            if (n < first.length) {
                arrived.addFirst(Arrays.copyOfRange(first, n, first.length));
            }
        }
        arrivedBytes -= count;
        if (peer != null) {
            kernel.soon(peer::changed);
        }
        return taken;
    }

    // ---- sending

    /// The number of bytes that a send can take; `-EAGAIN` if it would block, or the error.
    int sendable() {
        if (error != 0) {
            return -takeError();
        }
        if (finished || reset || state == State.DEAD) {
            return -Errno.EPIPE;
        }
        if (state != State.CONNECTED) {
            return -Errno.ENOTCONN;
        }
        int room = room();
        return room > 0 ? room : -Errno.EAGAIN;
    }

    private int room() {
        return sendBufferBytes + peer.receiveBufferBytes - peer.arrivedBytes - peer.travellingBytes;
    }

    /// Sends `bytes`, which fit in the send buffer.
    void push(byte[] bytes) {
        SimTcp to = peer;
        to.travellingBytes += bytes.length;
        travel(() -> to.segment(bytes));
    }

    private void segment(byte[] bytes) {
        travellingBytes -= bytes.length;
        if (reset) {
            return;
        }
        if (orphan) {
            sendReset();
            return;
        }
        arrived.add(bytes);
        arrivedBytes += bytes.length;
        changed();
    }

    /// Runs `arrival` at the other end, after everything that was sent before.
    private void travel(Runnable arrival) {
        long late = kernel.dice.lateness();
        lastArrival = Math.max(kernel.time.now() + late, lastArrival);
        if (late == 0 && onTheWay == 0) {
            arrival.run();
            return;
        }
        onTheWay++;
        kernel.time.at(lastArrival, () -> {
            onTheWay--;
            arrival.run();
        });
    }

    // ---- the end

    @Override
    int shutdown(int how) {
        if (state != State.CONNECTED) {
            return -Errno.ENOTCONN;
        }
        if (how != Net.SHUT_WR) {
            readShutdown = true;
        }
        if (how != Net.SHUT_RD) {
            finish();
        }
        changed();
        return 0;
    }

    private void finish() {
        if (!finished) {
            finished = true;
            SimTcp to = peer;
            travel(to::finArrived);
        }
    }

    private void finArrived() {
        if (!reset) {
            peerFinished = true;
            changed();
        }
    }

    /// Resets the connection: at once on this side, later on the other side, where the reset may overtake data.
    void sendReset() {
        SimTcp to = peer;
        if (!reset && to != null) {
            kernel.soon(() -> to.die(!to.peerFinished ? Errno.ECONNRESET : to.finished ? 0 : Errno.EPIPE));
        }
        reset = true;
        state = State.DEAD;
        arrived.clear();
        arrivedBytes = 0;
        changed();
    }

    /// The other side, or the network, has ended the connection.
    void die(int errno) {
        if (state == State.DEAD) {
            return;
        }
        state = State.DEAD;
        reset = true;
        error = errno;
        changed();
    }

    @Override
    void released() {
        orphan = true;
        switch (state) {
            case LISTENING -> {
                kernel.net.notListening(this);
                state = State.DEAD;
                backlog.forEach(SimTcp::sendReset);
            }
            case CONNECTED -> {
                if (resetOnClose || arrivedBytes > 0) {
                    sendReset();
                } else {
                    finish();
                }
            }
            default -> { }
        }
    }

    // ---- readiness

    @Override
    int poll() {
        if (state == State.LISTENING) {
            return backlog.isEmpty() ? 0 : Net.POLLIN;
        }
        int ready = error != 0 ? Net.POLLERR : 0;
        if (state == State.NEW || state == State.DEAD || (finished && (peerFinished || readShutdown))) {
            ready |= Net.POLLHUP;
        }
        if (peerFinished || readShutdown || state == State.DEAD) {
            ready |= Net.POLLIN | POLLRDHUP;
        }
        if (arrivedBytes > 0) {
            ready |= Net.POLLIN;
        }
        if (state == State.NEW || state == State.DEAD || finished || state == State.CONNECTED && isWritable()) {
            ready |= Net.POLLOUT;
        }
        return ready;
    }

    /// As in Linux: a third of the send buffer must be free.
    private boolean isWritable() {
        return 3 * room() >= sendBufferBytes + peer.receiveBufferBytes;
    }

    @Override
    public String toString() {
        return "tcp(" + state + ", " + local + ", " + remote + ")";
    }
}

package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.util.Arrays;

/// The other end of a connection, outside of the program. It sends and reads at random times.
///
/// A peer has no ring and no descriptor. Loop thread only.
public final class SimPeer {

    /// The most bytes that one step reads.
    private static final int STEP_BYTES = 64 << 10;

    private final SimKernel kernel;
    private final SimTcp socket;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    private byte[] unsent = {};
    private int sent;
    private boolean finishing;
    private boolean finished;
    private boolean reading = true;
    private boolean ended;
    private int errno;
    private boolean gone;
    private boolean stepping;
    private Runnable onChange = () -> { };

    SimPeer(SimKernel kernel, SimTcp socket) {
        this.kernel = kernel;
        this.socket = socket;
        socket.hold();
        socket.listener(this::soon);
        soon();
    }

    static SimPeer connect(SimKernel kernel, InetSocketAddress address) {
        SimTcp socket = new SimTcp(kernel);
        SimPeer peer = new SimPeer(kernel, socket);
        socket.connect(address);
        return peer;
    }

    // ---- actions

    /// Sends `bytes`, after those of earlier calls.
    public SimPeer send(byte[] bytes) {
        byte[] all = Arrays.copyOf(unsent, unsent.length + bytes.length);
        System.arraycopy(bytes, 0, all, unsent.length, bytes.length);
        unsent = all;
        soon();
        return this;
    }

    /// Shuts down its output once all bytes are sent.
    public SimPeer finish() {
        finishing = true;
        soon();
        return this;
    }

    /// Starts or stops reading.
    public SimPeer reading(boolean reading) {
        this.reading = reading;
        soon();
        return this;
    }

    /// Closes the socket: with a reset if unread bytes are left.
    public void close() {
        if (!gone) {
            gone = true;
            socket.listener(null);
            socket.drop();
        }
    }

    /// Resets the connection.
    public void reset() {
        if (!gone) {
            socket.resetOnClose(true);
            close();
        }
    }

    /// Runs `action` after each change of the state.
    public SimPeer onChange(Runnable action) {
        onChange = action;
        return this;
    }

    // ---- state

    /// All received bytes.
    public byte[] received() {
        return received.toByteArray();
    }

    /// How many bytes were received.
    public int receivedBytes() {
        return received.size();
    }

    /// How many bytes were written to the connection.
    public int sentBytes() {
        return sent;
    }

    /// True after the end of the stream, or after a failure.
    public boolean sawEnd() {
        return ended || errno != 0;
    }

    /// The errno of the failure of the connection, or 0.
    public int errno() {
        return errno;
    }

    /// True once [#close] or [#reset] was called.
    public boolean isGone() {
        return gone;
    }

    // ---- steps

    private void soon() {
        if (!stepping && !gone) {
            stepping = true;
            kernel.time.after(kernel.dice.lateness(), this::step);
        }
    }

    private void step() {
        stepping = false;
        if (gone) {
            return;
        }
        boolean more = socket.isConnected() && write();
        more |= read();
        if (more) {
            soon();
        }
        onChange.run();
    }

    private boolean write() {
        int room = sent == unsent.length ? 0 : socket.sendable();
        if (room > 0) {
            int count = kernel.dice.shorten(Math.min(room, unsent.length - sent));
            socket.push(Arrays.copyOfRange(unsent, sent, sent + count));
            sent += count;
            return true;
        }
        if (room < 0 && room != -Errno.EAGAIN) {
            errno = errno == 0 ? -room : errno;
        }
        if (finishing && !finished && (sent == unsent.length || errno != 0)) {
            finished = true;
            socket.shutdown(Net.SHUT_WR);
        }
        return false;
    }

    private boolean read() {
        if (!reading || ended || errno != 0) {
            return false;
        }
        int available = socket.receivable();
        if (available > 0) {
            received.writeBytes(socket.pull(kernel.dice.shorten(Math.min(STEP_BYTES, available))));
            return true;
        }
        if (available == 0) {
            ended = true;
        } else if (available != -Errno.EAGAIN && available != -Errno.ENOTCONN) {
            errno = -available;
        }
        return false;
    }
}

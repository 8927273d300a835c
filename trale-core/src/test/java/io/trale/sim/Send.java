package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import java.util.Arrays;
import java.util.List;

/// `IORING_OP_SEND`, or `IORING_OP_SENDMSG` of a stream. With `MSG_WAITALL`, it sends all bytes unless it is cancelled in
/// between; without, as many as fit in the send buffer.
final class Send extends SimOperation {

    private final SimTcp socket;
    private final List<Vector> vectors;
    private final int length;
    private int done;

    Send(SimRing ring, Entry entry, SimTcp socket, List<Vector> vectors) {
        super(ring, entry, socket);
        this.socket = socket;
        this.vectors = vectors;
        length = Vector.length(vectors);
    }

    @Override
    void claimMemory(ShadowMemory shadow) {
        vectors.forEach(vector -> shadow.claim(this, vector.address(), vector.length(), false));
    }

    @Override
    int attempt() {
        if (done == 0 && kernel.dice.fault(Fault.HICCUP)) {
            return -Errno.EINTR;
        }
        if (kernel.dice.fault(Fault.BREAKAGE)) {
            socket.sendReset();
            return done > 0 ? done : -kernel.dice.oneOf(Errno.ECONNRESET, Errno.EPIPE, Errno.ETIMEDOUT);
        }
        while (true) {
            int room = socket.sendable();
            if (room == -Errno.EAGAIN) {
                return (entry.opFlags() & Net.MSG_DONTWAIT) == 0 ? PENDING : done > 0 ? done : room;
            }
            if (room < 0) {
                return done > 0 ? done : room;
            }
            int count = kernel.dice.shorten(Math.min(room, length - done));
            socket.push(Arrays.copyOfRange(Vector.gather(vectors), done, done + count));
            done += count;
            if (done == length || (entry.opFlags() & Net.MSG_WAITALL) == 0) {
                return done;
            }
        }
    }

    @Override
    int resultWhenCancelled() {
        return done > 0 ? done : super.resultWhenCancelled();
    }

    @Override
    int interest() {
        return Net.POLLOUT;
    }
}

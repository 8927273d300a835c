package io.trale.net;

import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.leaf.BufferIo;
import io.trale.leaf.WritableWait;
import io.trale.uring.Sqe;

/// The base of the sends of a socket; one object for all sends.
///
/// Sends have `MSG_DONTWAIT`. If the send buffer is full (`EAGAIN`), this waits with a poll (see [WritableWait]) and then
/// sends again. Without the flag the kernel would retry by itself, from where its first attempt stopped copying; for a Unix
/// datagram that is the end.
abstract class SendIo extends BufferIo implements IntFuture {

    static final int FLAGS = Net.MSG_NOSIGNAL | Net.MSG_DONTWAIT;

    private final WritableWait writable;
    /// True if the operation in flight is the poll, not the send.
    private boolean waiting;
    /// True if the last completion was a poll that reported free space.
    private boolean polled;

    SendIo(Descriptor socket, String busy) {
        super(socket, busy);
        writable = new WritableWait(socket);
    }

    final IntFuture begin(Buffer buffer, int offset, int length) {
        prepare();
        add(buffer.memory(), offset, length);
        begin();
        return this;
    }

    final IntFuture begin(Slice... slices) {
        prepare();
        for (Slice slice : slices) {
            add(slice.buffer().memory(), slice.offset(), slice.length());
        }
        begin();
        return this;
    }

    @Override
    protected final void staging() {
        super.staging();
        waiting = false;
        polled = false;
    }

    @Override
    protected final void fill(Sqe sqe) {
        if (waiting) {
            writable.prepare(sqe);
        } else {
            prepare(sqe);
        }
    }

    /// Fills in the entry of the send, with [#FLAGS].
    abstract void prepare(Sqe sqe);

    /// True if a poll reports that this send can proceed.
    boolean canWait() {
        return true;
    }

    @Override
    protected final boolean again(int result) {
        if (waiting) {
            waiting = writable.isFalseAlarm(result);
            polled = !waiting;
            return result >= 0;
        }
        waiting = result == -Errno.EAGAIN && (!polled || canWait());
        polled = false;
        return waiting || super.again(result);
    }
}

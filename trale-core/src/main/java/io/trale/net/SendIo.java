package io.trale.net;

import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.leaf.BufferIo;
import io.trale.leaf.WritableWait;
import io.trale.uring.Sqe;

/// A socket's one send, used again and again.
///
/// The kernel is told not to wait, and where there is no room, this waits as [WritableWait] says and then sends anew. A send
/// that the kernel repeats by itself would go on where its first attempt had stopped copying: of a Unix datagram, at the end.
abstract class SendIo extends BufferIo implements IntFuture {

    static final int FLAGS = Net.MSG_NOSIGNAL | Net.MSG_DONTWAIT;

    private final WritableWait writable;
    /// What is in flight is the poll.
    private boolean waiting;
    /// The poll has said just now that there is room.
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
    public final boolean poll(Waker waker) {
        return transfer(waker);
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

    /// Prepares the send itself, with [#FLAGS].
    abstract void prepare(Sqe sqe);

    /// True if a poll says whether there is room for this.
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

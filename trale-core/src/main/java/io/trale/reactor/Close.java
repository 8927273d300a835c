package io.trale.reactor;

import io.trale.uring.Sqe;

/// Closes a file through the ring: the number is ours until the completion.
///
/// What follows from the last `close(2)` of a file may take its time: a server is told, blocks of a removed file are
/// freed. A worker of the kernel waits for it, and the loop does not. Never cancelled, since a close that was cancelled
/// may have happened or not.
final class Close extends Operation {

    private boolean submitted;

    Close(Descriptor file) {
        super(file);
    }

    @Override
    boolean endsWithRing() {
        return false;
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepClose(descriptor().fd());
        submitted = true;
    }

    @Override
    protected void complete(int result, int flags) {
        if (!submitted) { // the ring has closed before it took this
            descriptor().reactor().kernel().close(descriptor().fd());
        }
        descriptor().closed(); // also if it failed: Linux has given the number back, see close(2)
    }
}

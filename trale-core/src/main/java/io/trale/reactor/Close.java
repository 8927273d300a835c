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

    /// True from then on: the number may have been given back at any moment since.
    boolean isSubmitted() {
        return submitted;
    }

    @Override
    protected void complete(int result, int flags) {} // the descriptor sees to it, as for every operation's end
}

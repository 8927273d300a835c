package io.trale.reactor;

import io.trale.uring.Sqe;

/// Closes a file through the ring.
///
/// The last `close(2)` of a file may block: a network file system notifies its server, the blocks of a removed file are freed.
/// A kernel worker waits for that, not the loop. Never cancelled, since it would be unknown whether a cancelled close has
/// happened.
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

    /// True once submitted: the number may be free at any moment.
    boolean isSubmitted() {
        return submitted;
    }

    @Override
    protected void complete(int result, int flags) {} // Descriptor.operationEnded does the rest
}

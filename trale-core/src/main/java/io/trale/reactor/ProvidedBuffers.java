package io.trale.reactor;

import io.trale.uring.ReceiveBuffers;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;

/// Receive buffers for kernels without buffer rings: each is handed to the kernel by an operation of its own. See
/// `io_uring_prep_provide_buffers(3)`.
///
/// The operations stand in the plain line, which is emptied before that of any group, and the kernel takes entries in
/// order: a buffer that is given is there for every receive that is submitted afterwards, although it may be in the same
/// enter. The kernel has a buffer beyond the end of its operation, until a receive brings it back or the ring is closed; so
/// the memory is the group's, which frees it after the ring.
final class ProvidedBuffers extends ReceiveBuffers {

    private final Reactor reactor;
    private final Provide[] provides;

    ProvidedBuffers(Reactor reactor, int group, MemorySegment[] buffers) {
        super(group, buffers);
        this.reactor = reactor;
        provides = new Provide[buffers.length];
        for (int id = 0; id < buffers.length; id++) {
            provides[id] = new Provide(id, buffers[id]);
        }
        giveAll();
    }

    @Override
    protected void provide(int id, MemorySegment buffer) {
        reactor.stage(provides[id]);
    }

    @Override
    public void close() {
        for (Provide provide : provides) {
            reactor.end(provide);
        }
    }

    /// The reactor's own, since whoever gave the buffer waits for nothing.
    private final class Provide extends Operation {

        private final int id;
        private final MemorySegment buffer;

        Provide(int id, MemorySegment buffer) {
            super(new Descriptor(reactor, -1), true);
            this.id = id;
            this.buffer = buffer;
        }

        @Override
        protected void fill(Sqe sqe) {
            sqe.prepProvideBuffer(buffer.address(), (int) buffer.byteSize(), group(), id);
        }

        @Override
        protected void complete(int result, int flags) {
            if (result < 0 && !cancelling) { // ENOMEM: until it goes through, receives find no buffer and come again too
                reactor.stage(this);
            }
        }
    }
}

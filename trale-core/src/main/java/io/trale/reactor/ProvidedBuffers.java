package io.trale.reactor;

import io.trale.uring.ReceiveBuffers;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;

/// Receive buffers for kernels without buffer rings: each is provided to the kernel by an operation. See
/// `io_uring_prep_provide_buffers(3)`.
///
/// The operations are staged in the plain queue, which is submitted before that of any group, and the kernel executes entries
/// in order. So a buffer that was given is available to every receive that is submitted later, even in the same enter.
///
/// The kernel owns a buffer beyond the completion of its operation, until a receive takes it or the ring is closed. So the
/// memory belongs to the group, which frees it after the ring was closed.
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

    /// One of the reactor's own operations, since no caller waits for it.
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
            if (result < 0) { // ENOMEM: repeated until it succeeds; receives fail with ENOBUFS meanwhile, and are repeated too
                reactor.stage(this);
            }
        }
    }
}

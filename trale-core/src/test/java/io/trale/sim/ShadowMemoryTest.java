package io.trale.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.linux.Memory;
import io.trale.linux.Net;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import io.trale.reactor.Reactor;
import io.trale.reactor.ScratchPool;
import io.trale.task.ExecutorOptions;
import io.trale.testing.Seeds;
import io.trale.uring.Abi;
import io.trale.uring.Ring;
import io.trale.uring.Sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An access to memory with another owner fails the run.
@Timeout(60)
class ShadowMemoryTest {

    @Test
    void memoryOfTwoOperationsAtOnceIsCaught() throws ErrnoException {
        SimKernel kernel = new SimKernel(7);
        try (Arena arena = Arena.ofConfined()) {
            Ring ring = Ring.open(kernel, arena, 2, 4);
            MemorySegment memory = arena.allocate(16, 8);
            int eventfd = kernel.eventfd(0, Net.EFD_NONBLOCK);
            ring.submissions.next().prepRead(eventfd, memory.address(), 8, 0);
            ring.submissions.next().prepRead(eventfd, memory.address() + 4, 8, 0);
            assertThatThrownBy(() -> ring.enter(0, 0)).isInstanceOf(AssertionError.class)
                    .hasMessageStartingWith("seed 7: conflicting access: read(");
        }
    }

    @Test
    void unmappingWhatTheKernelMayWriteToIsCaught() throws ErrnoException {
        SimKernel kernel = new SimKernel(7);
        try (Arena arena = Arena.ofConfined()) {
            Ring ring = Ring.open(kernel, arena, 2, 4);
            int eventfd = kernel.eventfd(0, Net.EFD_NONBLOCK);
            Arena shorter = Arena.ofConfined();
            MemorySegment memory = Memory.anonymous(kernel, shorter, 4096);
            ring.submissions.next().prepRead(eventfd, memory.address(), 8, 0);
            assertThat(ring.enter(0, 0)).isOne();
            assertThatThrownBy(shorter::close).isInstanceOf(AssertionError.class)
                    .hasMessageStartingWith("seed 7: unmapped while read(");
            assertThatThrownBy(ring::close).hasMessage("the run has failed before");
        }
        assertThatThrownBy(kernel::assertQuiescent).hasMessageStartingWith("seed 7: unmapped while read(");
    }

    // ---- memory of a reactor

    private interface Body {
        void run(Reactor reactor, Descriptor eventfd) throws Exception;
    }

    /// Runs `body` on an open reactor.
    private static void withReactor(Body body) throws Exception {
        SimKernel kernel = new SimKernel(7);
        Seeds.run(kernel, ExecutorOptions.defaults(), executor -> {
            Reactor reactor = executor.reactor();
            reactor.open();
            body.run(reactor, new Descriptor(reactor, kernel.eventfd(0, Net.EFD_NONBLOCK)));
        });
    }

    private static Operation operation(Descriptor descriptor, Consumer<Sqe> fill) {
        return new Operation(descriptor) {
            @Override
            protected void fill(Sqe sqe) {
                fill.accept(sqe);
            }

            @Override
            protected void complete(int result, int flags) {}
        };
    }

    private static void assertCaught(Body body, String message) {
        assertThatThrownBy(() -> withReactor(body)).isInstanceOf(AssertionError.class).hasMessageContaining(message);
    }

    @Test
    void memoryThatIsReturnedBeforeTheLastCompletionIsCaught() {
        assertCaught((reactor, eventfd) -> {
            MemorySegment memory = reactor.pools().scratch().take();
            reactor.stage(operation(eventfd, sqe -> sqe.prepRead(eventfd.fd(), memory.address(), 8, 0)));
            reactor.turn(0);
            reactor.pools().scratch().give(memory);
        }, "seed 7: taken back while read(");
    }

    @Test
    void memoryThatIsNotLentAnyMoreIsCaught() {
        assertCaught((reactor, eventfd) -> {
            MemorySegment memory = reactor.pools().scratch().take();
            reactor.pools().scratch().give(memory);
            reactor.stage(operation(eventfd, sqe -> sqe.prepRead(eventfd.fd(), memory.address(), 8, 0)));
            reactor.turn(0);
        }, "names memory that the kernel does not own: 8 bytes");
    }

    @Test
    void endOfLentMemoryIsTheEnd() {
        assertCaught((reactor, eventfd) -> {
            MemorySegment memory = reactor.pools().scratch().take();
            reactor.stage(operation(eventfd, sqe ->
                    sqe.prepRead(eventfd.fd(), memory.address() + 8, ScratchPool.SMALL_BYTES, 0)));
            reactor.turn(0);
        }, "names memory that the kernel does not own: 256 bytes");
    }

    @Test
    void memoryThatIsReturnedTwiceIsCaught() {
        assertCaught((reactor, eventfd) -> {
            MemorySegment memory = reactor.pools().scratch().take();
            reactor.memoryListener().ownedByUs(memory);
            reactor.memoryListener().ownedByUs(memory);
        }, "seed 7: taken back, but not owned by the kernel: 256 bytes");
    }

    @Test
    void memoryThatIsLentTwiceIsCaught() {
        assertCaught((reactor, eventfd) -> {
            MemorySegment memory = reactor.pools().scratch().take();
            SimKernel kernel = (SimKernel) reactor.kernel();
            kernel.shadow.ownedByKernel(memory.asSlice(255, 1));
        }, "seed 7: given to the kernel twice: 1 bytes");
    }

    @Test
    void receiveBufferThatTheKernelStillHasIsNotTaken() {
        assertCaught((reactor, eventfd) -> {
            BufferGroup group = reactor.pools().receiveGroup();
            SimKernel kernel = (SimKernel) reactor.kernel();
            ((SimRing) kernel.file(1000)).groups.get(group.id()).isEmpty(); // has the kernel look at them
            group.take(3 << Abi.IORING_CQE_BUFFER_SHIFT);
        }, "seed 7: taken back while buffer 3 of group 0 writes");
    }

    @Test
    void memoryThatIsNeverReturnedIsNamed() {
        assertCaught((reactor, eventfd) -> {
            reactor.pools().scratch().take();
            eventfd.close();
            reactor.close(0);
        }, "seed 7: still owned by the kernel: ");
    }
}

package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.linux.Net;
import io.trale.sim.Capability;
import io.trale.sim.SimKernel;
import io.trale.testing.InterceptedKernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Who owns the memory of the pools, and when it is freed. The simulated kernel fails a test in which memory is freed or
/// returned while the kernel may access it.
@ParameterizedClass(name = "buffer rings: {0}")
@ValueSource(booleans = {true, false})
@Timeout(60)
class PoolsCloseTest {

    private static final Limits LIMITS = new Limits(8, 16, 8, new Limits.Pool(4, 64), new Limits.Pool(2, 128),
            new Limits.Pool(2, 256), new Limits.Pool(1, 512));

    @Parameter
    private boolean rings;

    /// Counts mappings.
    private static final class CountedKernel extends InterceptedKernel {
        private int mapped;

        CountedKernel(SimKernel kernel) {
            super(kernel);
        }

        @Override
        public long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
            mapped++;
            return super.mmap(lengthBytes, protection, flags, fd, offsetBytes);
        }

        @Override
        public int munmap(long address, long lengthBytes) {
            mapped--;
            return super.munmap(address, lengthBytes);
        }
    }

    private final SimKernel sim = new SimKernel(0);
    private final CountedKernel kernel = new CountedKernel(sim);
    private final Reactor reactor = new Reactor(kernel, LIMITS);

    @BeforeEach
    void open() throws Exception {
        if (!rings) {
            sim.without(Capability.BUFFER_RINGS);
        }
        sim.checkMemoryOf(reactor);
        reactor.open();
    }

    /// Receives 10 bytes into a buffer of `group`; returns the flags that name the buffer.
    private int receive(BufferGroup group) {
        Descriptor connection = SimConnection.accept(reactor, sim, new byte[10]);
        TestOperation receive = SimConnection.receive(connection, group);
        group.stage(receive);
        while (receive.inFlight()) {
            reactor.turn(Long.MAX_VALUE);
        }
        connection.close();
        assertThat(receive.results).containsExactly(10);
        return receive.flags.getFirst();
    }

    @Test
    void everyPoolIsCreatedOnceAndHasItsOwnSize() {
        Pools pools = reactor.pools();
        assertThat(pools.receiveGroup()).isSameAs(pools.receiveGroup()).isNotSameAs(pools.leaseGroup());
        assertThat(pools.leaseGroup()).isSameAs(pools.leaseGroup());
        assertThat(pools.sendBlocks()).isSameAs(pools.sendBlocks()).isNotSameAs(pools.fileBlocks());
        assertThat(pools.fileBlocks()).isSameAs(pools.fileBlocks());
        assertThat(List.of(pools.receiveGroup().count(), pools.leaseGroup().count(), pools.sendBlocks().count(),
                pools.fileBlocks().count())).containsExactly(4, 2, 2, 1);
        assertThat(List.of(pools.receiveGroup().bufferBytes(), pools.leaseGroup().bufferBytes(),
                pools.sendBlocks().blockBytes(), pools.fileBlocks().blockBytes())).containsExactly(64, 128, 256, 512);
        assertThat(pools.receiveGroup().id()).isNotEqualTo(pools.leaseGroup().id());
        assertThat(reactor.close(0)).isTrue();
        sim.assertQuiescent();
    }

    @Test
    void memoryIsFreedWithTheRing() {
        Pools pools = reactor.pools();
        int received = receive(pools.receiveGroup());
        pools.receiveGroup().take(received);
        pools.receiveGroup().give(received);
        for (ScratchPool pool : List.of(pools.scratch(), pools.paths(), pools.vectors())) {
            pool.give(pool.take());
        }
        for (BlockPool blocks : List.of(pools.sendBlocks(), pools.fileBlocks())) {
            blocks.give(blocks.take());
        }
        assertThat(reactor.close(0)).isTrue();
        assertThat(kernel.mapped).isZero();
        sim.assertQuiescent();
    }

    @Test
    void takenBuffersKeepTheMemoryUntilTheLastIsGivenBack() {
        BufferGroup group = reactor.pools().leaseGroup();
        List<Integer> taken = new ArrayList<>();
        List<MemorySegment> buffers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            taken.add(receive(group));
            buffers.add(group.take(taken.getLast()));
        }
        assertThat(reactor.close(0)).isTrue();
        int mapped = kernel.mapped;
        assertThat(mapped).as("the buffers, and the ring that names them if there is one").isPositive();
        group.give(taken.getFirst());
        assertThat(kernel.mapped).isEqualTo(mapped);
        buffers.getLast().set(JAVA_BYTE, 0, (byte) 7);
        group.give(taken.getLast());
        assertThat(kernel.mapped).isZero();
        sim.assertQuiescent();
    }

    @Test
    void memoryLeftToTheKernelIsNotFreedWithTheLastBuffer() {
        BufferGroup group = reactor.pools().leaseGroup();
        int taken = receive(group);
        group.take(taken);
        Descriptor eventfd = new Descriptor(reactor, kernel.eventfd(0, Net.EFD_NONBLOCK));
        reactor.stage(new TestOperation(eventfd, sqe -> sqe.prepPoll(eventfd.fd(), Net.POLLIN))); // in flight at the close
        int mapped = kernel.mapped;
        assertThat(reactor.close(0)).isFalse();
        group.give(taken);
        assertThat(group.free()).as("not given to the kernel").isEqualTo(1);
        assertThat(kernel.mapped).isEqualTo(mapped);
    }
}

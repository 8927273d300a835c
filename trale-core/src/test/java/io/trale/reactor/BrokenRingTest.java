package io.trale.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.sim.SimKernel;
import io.trale.testing.InterceptedKernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A ring that cannot be opened, or that breaks: no descriptor stays open, and every operation ends. On the simulated kernel.
@Timeout(60)
class BrokenRingTest {

    private static final Limits LIMITS = new Limits(4, 64, 32, new Limits.Pool(4, 64), new Limits.Pool(1, 64),
            new Limits.Pool(2, 64), new Limits.Pool(1, 64));

    /// Counts mappings. Once `broken`, `enter` fails; at `failingMap`, `mmap` fails.
    private static final class BreakingKernel extends InterceptedKernel {
        boolean broken;
        int failingMap;
        int maps;
        int mapped;

        BreakingKernel(SimKernel kernel) {
            super(kernel);
        }

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            return broken ? -Errno.EBADF : super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
        }

        @Override
        public long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
            if (++maps == failingMap) {
                return -Errno.ENOMEM;
            }
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
    private final BreakingKernel kernel = new BreakingKernel(sim);
    private final Reactor reactor = new Reactor(kernel, LIMITS);
    private final List<Throwable> faults = new ArrayList<>();

    BrokenRingTest() {
        reactor.setOwner(this, faults::add);
    }

    /// More than the submission queue holds.
    private List<TestOperation> stageMany() {
        List<TestOperation> nops = IntStream.range(0, 10).mapToObj(i -> TestOperation.nop(reactor)).toList();
        nops.forEach(reactor::stage);
        return nops;
    }

    private void breakAndClose() {
        kernel.broken = true;
        assertThat(reactor.close(0)).isFalse();
        while (reactor.turn(0) > 0) { } // those that were withdrawn
        assertThat(sim.openDescriptors()).isZero();
        assertThat(faults).isEmpty();
    }

    @Test
    void ringThatCannotBeMappedLeavesNothingMapped() throws Exception {
        kernel.failingMap = 2; // after the queues, the entries
        assertThatThrownBy(reactor::open).hasMessageContaining("ENOMEM");
        assertThat(kernel.maps).isEqualTo(2);
        assertThat(kernel.mapped).isZero();
        assertThat(sim.openDescriptors()).isZero();
        assertThat(reactor.isOpen()).isFalse();
    }

    @Test
    void failureToCreateTheTimerLeavesNothingOpen() {
        sim.maxDescriptors(2); // the ring and the eventfd
        assertThatThrownBy(reactor::open).hasMessage("timerfd_create: EMFILE, too many open files in this process");
        assertThat(kernel.mapped).isZero();
        assertThat(reactor.isOpen()).isFalse();
        sim.assertQuiescent();
    }

    @Test
    void whatIsLeftToTheKernelDoesNotKeepTheNextRingBusy() throws Exception {
        reactor.open();
        List<TestOperation> nops = stageMany();
        breakAndClose();
        assertThat(nops).anyMatch(Operation::isLeft);
        kernel.broken = false;
        reactor.open();
        assertThat(reactor.busy()).isFalse();
        assertThat(reactor.close(0)).isTrue();
        assertThat(sim.openDescriptors()).isZero();
    }

    @Test
    void completionThatNoTurnHadTimeForIsNotHandledAfterTheRingBreaks() throws Exception {
        reactor.open();
        List<TestOperation> nops = IntStream.range(0, 20).mapToObj(i -> TestOperation.nop(reactor)).toList();
        nops.forEach(reactor::stage);
        nops.getFirst().whenComplete = () -> sim.elapse(TurnClock.TURN_NANOS);
        while (nops.getFirst().inFlight()) {
            reactor.turn(0);
        }
        breakAndClose();
        assertThat(nops).filteredOn(Operation::isLeft).isNotEmpty().allSatisfy(nop -> assertThat(nop.results).isEmpty());
    }

    @Test
    void operationThatWaitsEndsWhenTheRingBreaks() throws Exception {
        reactor.open();
        BlockPool blocks = reactor.pools().sendBlocks();
        blocks.take();
        blocks.take();
        TestOperation waitsForABlock = TestOperation.nop(reactor);
        blocks.stage(waitsForABlock);
        List<TestOperation> nops = stageMany();
        breakAndClose();
        assertThat(waitsForABlock.results).containsExactly(-Errno.ECANCELED);
        assertThat(nops).allSatisfy(nop -> assertThat(nop.inFlight()).isFalse());
        assertThat(nops.getLast().results).containsExactly(-Errno.ECANCELED);
    }

    @Test
    void fileThatWaitsForItsCloseIsClosedWhenTheRingBreaks() throws Exception {
        reactor.open();
        Descriptor file = Descriptor.ofFile(reactor, kernel.eventfd(0, Net.EFD_CLOEXEC));
        stageMany();
        file.close();
        assertThat(file.isClosed()).isFalse();
        breakAndClose();
        assertThat(file.isClosed()).isTrue();
    }
}

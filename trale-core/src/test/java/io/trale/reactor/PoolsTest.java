package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The checks that protect memory, which do not depend on assertions; without a ring.
class PoolsTest {

    private final Reactor reactor = new Reactor(new Libc(), Limits.DEFAULT);
    private final Arena arena = Arena.ofConfined();
    private final ScratchPool scratch = new ScratchPool(MemoryListener.NONE, arena, ScratchPool.SMALL_BYTES);

    @AfterEach
    void free() {
        arena.close();
    }

    private static void assertRefused(Runnable misuse, String message) {
        assertThatThrownBy(misuse::run).isInstanceOf(IllegalStateException.class).hasMessageContaining(message);
    }

    @Test
    void blockGivenBackTwiceIsRefusedThoughAnotherIsTaken() {
        BlockPool blocks = new BlockPool(reactor, new MemorySegment[] {arena.allocate(8), arena.allocate(8)}, 8);
        int block = blocks.take();
        blocks.take();
        blocks.give(block);
        assertRefused(() -> blocks.give(block), "block " + block + " of 2 is given back twice");
    }

    @Test
    void scratchMemoryGivenBackTwiceIsRefused() {
        MemorySegment memory = scratch.take();
        scratch.take();
        scratch.give(memory);
        assertRefused(() -> scratch.give(memory), "given back twice");
    }

    @Test
    void scratchMemoryOfAnotherPoolIsRefused() {
        ScratchPool paths = new ScratchPool(MemoryListener.NONE, arena, ScratchPool.PATH_BYTES);
        MemorySegment memory = scratch.take();
        assertRefused(() -> paths.give(memory), "to the wrong pool");
    }

    @Test
    void scratchMemoryWrittenToWhileFreeIsRefused() {
        MemorySegment memory = scratch.take();
        scratch.give(memory);
        memory.set(JAVA_BYTE, 0, (byte) ~memory.get(JAVA_BYTE, 0)); // as a kernel does that still executes an operation
        assertRefused(scratch::take, "written to");
    }

    @Test
    void scratchMemoryThatHoldsTheMarkOfAnotherPieceIsNotTakenForFree() {
        MemorySegment first = scratch.take();
        MemorySegment second = scratch.take();
        scratch.give(first);
        second.copyFrom(first);
        scratch.give(second);
    }

    @Test
    void operationIsStagedOnceAtATime() {
        TestOperation probe = TestOperation.nop(reactor);
        probe.staged();
        assertRefused(probe::staged, "is STAGED");
        probe.submitted(7);
        assertRefused(probe::staged, "is SUBMITTED");
        assertRefused(() -> probe.submitted(8), "is SUBMITTED");
        probe.ended();
        assertRefused(probe::ended, "is IDLE");
        assertRefused(() -> probe.submitted(9), "is IDLE");
    }

    @Test
    void operationLeftToTheKernelIsNeverUsedAgain() {
        TestOperation probe = TestOperation.nop(reactor);
        probe.staged();
        assertRefused(probe::leaveToKernel, "is STAGED");
        probe.submitted(7);
        probe.leaveToKernel();
        assertRefused(probe::staged, "is LEFT");
        assertRefused(probe::ended, "is LEFT");
    }
}

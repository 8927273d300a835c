package io.trale.leaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Libc;
import io.trale.reactor.Limits;
import io.trale.reactor.Reactor;
import io.trale.reactor.TestOperation;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A close never frees memory that the kernel owns, on any thread and at any time.
@Timeout(60)
class BufferMemoryTest {

    private final TestOperation operation = TestOperation.nop(new Reactor(new Libc(), Limits.DEFAULT));

    @Test
    void memoryClosedWhileInTheKernelIsFreedAfterwards() {
        BufferMemory memory = new BufferMemory(8);
        memory.giveToKernel(operation);
        memory.close();
        memory.close();
        assertThat(memory.kernelSegment().scope().isAlive()).isTrue();
        memory.takeBack(operation);
        assertThatThrownBy(memory::segment).hasMessage("the buffer is closed");
        assertThatThrownBy(() -> memory.giveToKernel(operation)).hasMessage("the buffer is closed");
    }

    @Test
    void onlyTheOwningOperationTakesItBack() {
        BufferMemory memory = new BufferMemory(8);
        TestOperation other = TestOperation.nop(new Reactor(new Libc(), Limits.DEFAULT));
        memory.giveToKernel(operation);
        memory.giveToKernel(operation); // for a second part
        memory.takeBack(operation);
        memory.giveToKernel(other);
        memory.takeBack(operation); // for the second part
        assertThatThrownBy(memory::segment).hasMessage("the buffer is owned by the kernel until " + other + " completes");
        memory.takeBack(other);
        assertThat(memory.segment().byteSize()).isEqualTo(8);
        memory.close();
    }

    /// One thread closes each memory while another gives it to the kernel, a little earlier or later each time.
    @Test
    void closeDoesNotFreeMemoryGivenOnAnotherThread() throws Exception {
        int rounds = 2_000; // each waits twice for the other thread, on a busy machine for a time slice
        BufferMemory none = new BufferMemory(8);
        AtomicReference<BufferMemory> toClose = new AtomicReference<>(none);
        Thread closing = Thread.ofPlatform().daemon().start(() -> {
            for (int i = 0; i < rounds; i++) {
                while (toClose.get() == none) {
                    Thread.yield();
                }
                toClose.get().close();
                toClose.set(none);
            }
        });
        for (int i = 0; i < rounds; i++) {
            BufferMemory memory = new BufferMemory(8);
            var scope = memory.segment().scope();
            toClose.set(memory);
            for (int delay = i % 64; delay > 0; delay--) {
                Thread.onSpinWait();
            }
            boolean isOwnedByKernel = true;
            try {
                memory.giveToKernel(operation);
            } catch (IllegalStateException closedBefore) {
                isOwnedByKernel = false;
            }
            while (toClose.get() != none) {
                Thread.yield();
            }
            assertThat(scope.isAlive()).as("round %d", i).isEqualTo(isOwnedByKernel);
            memory.takeBack(operation);
            assertThat(scope.isAlive()).isFalse();
        }
        closing.join();
    }
}

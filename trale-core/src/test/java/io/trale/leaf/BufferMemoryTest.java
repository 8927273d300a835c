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

/// Memory that is lent is not freed, whoever closes it and when.
@Timeout(60)
class BufferMemoryTest {

    private final TestOperation operation = TestOperation.nop(new Reactor(new Libc(), Limits.DEFAULT));

    @Test
    void closedWhileItIsLentItIsFreedWhenItComesBack() {
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
    void onlyWhoeverHasItGivesItBack() {
        BufferMemory memory = new BufferMemory(8);
        TestOperation other = TestOperation.nop(new Reactor(new Libc(), Limits.DEFAULT));
        memory.giveToKernel(operation);
        memory.giveToKernel(operation); // two parts of it
        memory.takeBack(operation);
        memory.giveToKernel(other);
        memory.takeBack(operation); // the second part, late
        assertThatThrownBy(memory::segment).hasMessage("the buffer is owned by the kernel until " + other + " completes");
        memory.takeBack(other);
        assertThat(memory.segment().byteSize()).isEqualTo(8);
        memory.close();
    }

    /// One thread closes each as another lends it, a little earlier or later each time.
    @Test
    void closeOnOneThreadFreesNothingThatIsLentOnAnother() throws Exception {
        int rounds = 2_000; // each waits twice for the other thread, which on a busy machine is a time slice
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
            boolean isLent = true;
            try {
                memory.giveToKernel(operation);
            } catch (IllegalStateException closedBefore) {
                isLent = false;
            }
            while (toClose.get() != none) {
                Thread.yield();
            }
            assertThat(scope.isAlive()).as("round %d", i).isEqualTo(isLent);
            memory.takeBack(operation);
            assertThat(scope.isAlive()).isFalse();
        }
        closing.join();
    }
}

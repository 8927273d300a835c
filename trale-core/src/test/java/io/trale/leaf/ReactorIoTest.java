package io.trale.leaf;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Net;
import io.trale.reactor.Counters.Count;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Limits;
import io.trale.reactor.Reactor;
import io.trale.uring.Sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The operation of a leaf future, on the real kernel: filled once and woken once, in all cases. The original's reactor has
/// the same tests.
@Timeout(120)
class ReactorIoTest {

    private final Reactor reactor = new Reactor(Kernel.real(), Limits.DEFAULT);
    private final Arena arena = Arena.ofShared();
    private final List<String> woken = new ArrayList<>();
    private Descriptor eventfd;

    @BeforeEach
    void open() throws Exception {
        reactor.bind();
        reactor.open();
        eventfd = new Descriptor(reactor, reactor.kernel().eventfd(0, Net.EFD_CLOEXEC | Net.EFD_SEMAPHORE));
    }

    @AfterEach
    void nothingIsLeft() {
        eventfd.close();
        reactor.cancelAll();
        while (reactor.busy()) {
            reactor.turn(Long.MAX_VALUE);
        }
        assertThat(eventfd.isClosed()).isTrue();
        assertThat(reactor.counters().get(Count.UNKNOWN)).isZero();
        assertThat(reactor.close(0)).isTrue();
        reactor.unbind();
        arena.close();
    }

    /// Reads the eventfd, one signal of it, or writes one to it.
    private class Io extends ReactorIo {

        private final String name;
        private final boolean writing;
        private final MemorySegment memory = arena.allocate(JAVA_LONG);
        private final List<Integer> disposed = new ArrayList<>();
        private int fills;

        Io(String name, boolean writing) {
            super(eventfd);
            this.name = name;
            this.writing = writing;
            memory.set(JAVA_LONG, 0, writing ? 1 : 0);
        }

        boolean poll() {
            return submitOrGetResult(() -> woken.add(name));
        }

        int taken() {
            return ioResult();
        }

        @Override
        protected void fill(Sqe sqe) {
            fills++;
            if (writing) {
                sqe.prepWrite(eventfd.fd(), memory.address(), Long.BYTES, 0);
            } else {
                sqe.prepRead(eventfd.fd(), memory.address(), Long.BYTES, 0);
            }
        }

        @Override
        protected void dispose(int result) {
            disposed.add(result);
        }
    }

    private void pollUntilIdle() {
        while (reactor.busy()) {
            reactor.turn(Long.MAX_VALUE);
        }
    }

    private void signalFromAnotherThread(int times) throws InterruptedException {
        Thread other = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < times; i++) {
                reactor.kernel().write8(eventfd.fd(), 1);
            }
        });
        pollUntilIdle();
        other.join();
    }

    @Test
    void readIsFilledOnceAndWakesOnce() throws Exception {
        Io read = new Io("read", false);
        assertThat(read.poll()).isFalse();
        assertThat(read.poll()).isFalse();
        signalFromAnotherThread(1);
        assertThat(woken).containsExactly("read");
        assertThat(read.poll()).isTrue();
        assertThat(read.taken()).isEqualTo(Long.BYTES);
        assertThat(read.memory.get(JAVA_LONG, 0)).isEqualTo(1);
        assertThat(read.fills).isEqualTo(1);
    }

    @Test
    void readCancelledBeforeTheTurnNeverReachesTheKernel() {
        Io read = new Io("read", false);
        assertThat(read.poll()).isFalse();
        read.cancel();
        assertThat(read.inFlight()).as("until the next turn").isTrue();
        reactor.turn(0);
        assertThat(read.inFlight()).isFalse();
        assertThat(read.fills).isZero();
        assertThat(read.disposed).containsExactly(-Errno.ECANCELED);
        assertThat(woken).isEmpty();
    }

    @Test
    void readCancelledInTheKernelIsDisposedOfOnce() throws Exception {
        Io read = new Io("read", false);
        assertThat(read.poll()).isFalse();
        reactor.turn(0);
        read.cancel();
        signalFromAnotherThread(1); // before or after the cancel
        assertThat(read.disposed).hasSize(1).isSubsetOf(Long.BYTES, -Errno.ECANCELED);
        assertThat(woken).isEmpty();
    }

    @Test
    void writeIsFilledOnceAndWakesOnce() {
        Io write = new Io("write", true);
        assertThat(write.poll()).isFalse();
        pollUntilIdle();
        assertThat(woken).containsExactly("write");
        assertThat(write.poll()).isTrue();
        assertThat(write.taken()).isEqualTo(Long.BYTES);
        assertThat(write.fills).isEqualTo(1);
    }

    @Test
    void twoReadsOfOneDescriptorAreBothServed() throws Exception {
        Io first = new Io("first", false);
        Io second = new Io("second", false);
        assertThat(first.poll()).isFalse();
        assertThat(second.poll()).isFalse();
        signalFromAnotherThread(2);
        assertThat(woken).containsExactlyInAnyOrder("first", "second");
        for (Io read : List.of(first, second)) {
            assertThat(read.poll()).isTrue();
            assertThat(read.taken()).isEqualTo(Long.BYTES);
            assertThat(read.memory.get(JAVA_LONG, 0)).isEqualTo(1);
        }
    }

    @Test
    void twoWritesOfOneDescriptorAreBothDone() {
        Io first = new Io("first", true);
        Io second = new Io("second", true);
        assertThat(first.poll()).isFalse();
        assertThat(second.poll()).isFalse();
        pollUntilIdle();
        assertThat(woken).containsExactlyInAnyOrder("first", "second");
        for (Io write : List.of(first, second)) {
            assertThat(write.poll()).isTrue();
            assertThat(write.taken()).isEqualTo(Long.BYTES);
        }
        Io read = new Io("read", false);
        for (int i = 0; i < 2; i++) { // both have written
            assertThat(read.poll()).isFalse();
            pollUntilIdle();
            assertThat(read.poll()).isTrue();
            read.reset();
        }
    }


    @Test
    void disposeThatThrowsLetsTheNextUseBegin() throws Exception {
        List<Throwable> faults = new ArrayList<>();
        reactor.setOwner(this, faults::add);
        IllegalStateException failure = new IllegalStateException("in dispose");
        Io read = new Io("read", false) {
            @Override
            protected void dispose(int result) {
                throw failure;
            }
        };
        assertThat(read.poll()).isFalse();
        reactor.turn(0);
        read.cancel();
        assertThat(read.poll()).as("waits until the kernel has let go").isFalse();
        pollUntilIdle();
        assertThat(faults).containsExactly(failure);
        assertThat(woken).containsExactly("read");
        assertThat(read.poll()).isFalse();
        signalFromAnotherThread(1);
        assertThat(read.poll()).isTrue();
        assertThat(read.taken()).isEqualTo(Long.BYTES);
    }

    /// The kernel has taken a signal that nobody gets: the result must say so.
    private void assertFailsForWantOfMemory(Io read, Throwable failure) throws Exception {
        List<Throwable> faults = new ArrayList<>();
        reactor.setOwner(this, faults::add);
        assertThat(read.poll()).isFalse();
        signalFromAnotherThread(1);
        assertThat(faults).containsExactly(failure);
        assertThat(woken).containsExactly("read");
        assertThat(read.poll()).isTrue();
        assertThat(read.taken()).isEqualTo(-Errno.ENOMEM);
    }

    @Test
    void releasedThatThrowsFailsTheOperation() throws Exception {
        IllegalStateException failure = new IllegalStateException("in released");
        assertFailsForWantOfMemory(new Io("read", false) {
            @Override
            protected void released(int result) {
                throw failure;
            }
        }, failure);
    }

    @Test
    void againThatThrowsFailsTheOperation() throws Exception {
        IllegalStateException failure = new IllegalStateException("in again");
        assertFailsForWantOfMemory(new Io("read", false) {
            @Override
            protected boolean again(int result) {
                throw failure;
            }
        }, failure);
    }

    @Test
    void disposeThatThrowsDoesNotConcernTheCanceller() throws Exception {
        List<Throwable> faults = new ArrayList<>();
        reactor.setOwner(this, faults::add);
        IllegalStateException failure = new IllegalStateException("in dispose");
        Io read = new Io("read", false) {
            @Override
            protected void dispose(int result) {
                throw failure;
            }
        };
        assertThat(read.poll()).isFalse();
        signalFromAnotherThread(1);
        read.cancel(); // completed, and not taken
        assertThat(faults).containsExactly(failure);
    }
}

package io.trale;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.net.TcpListener;
import io.trale.net.UdpSocket;
import io.trale.sim.SimKernel;
import io.trale.sync.EventFd;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.Script;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Operations that do not end before the close deadline of their ring. Later uses of their descriptors, with the next ring, fail
/// and do not wait.
@Timeout(60)
class LeftOperationTest {

    /// A kernel in which cancels do not find their target, as if it were blocked in a driver; except for polls, which are the
    /// loop's own operations.
    private static final class UncancellableKernel extends InterceptedKernel {

        private static final int TARGET = 16; // of struct io_uring_sqe: addr
        private static final int USER_DATA = 32;
        private final Set<Long> polls = new HashSet<>();

        UncancellableKernel(SimKernel kernel) {
            super(kernel);
        }

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            MemorySegment entries = submissionEntries();
            for (long at = 0; at < entries.byteSize(); at += Abi.SQE_BYTES) {
                int opcode = entries.get(JAVA_BYTE, at);
                if (opcode == Opcode.POLL_ADD.number()) {
                    polls.add(entries.get(JAVA_LONG, at + USER_DATA));
                } else if (opcode == Opcode.ASYNC_CANCEL.number()) {
                    if (!polls.contains(entries.get(JAVA_LONG, at + TARGET))) {
                        entries.set(JAVA_LONG, at + TARGET, Long.MAX_VALUE);
                    }
                } else if (opcode != Opcode.NOP.number()) { // a no-op is left by an earlier call
                    polls.remove(entries.get(JAVA_LONG, at + USER_DATA));
                }
            }
            int result = super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            if (result == toSubmit) {
                entries.fill((byte) 0);
            }
            return result;
        }
    }

    /// Creates the future of one use.
    private interface Maker {
        Future<?> make(Buffer buffer) throws Exception;
    }

    private final SimKernel kernel = new SimKernel(0);
    private final Buffer first = Buffer.allocate(10);
    private final Buffer second = Buffer.allocate(10);
    private final Executor executor = Executor.open(new UncancellableKernel(kernel),
            ExecutorOptions.defaults().closeTimeout(Duration.ofMillis(20)));

    @AfterEach
    void nothingIsOpen() {
        executor.close();
        assertThat(kernel.openDescriptors()).isZero();
        first.close();
        second.close();
    }

    private void theNextFails(Maker maker) throws Exception {
        Future<?> late = Async.timeout(maker.make(first), Duration.ofMillis(1));
        assertThatThrownBy(() -> Executor.blockOn(late)).isInstanceOf(TimeoutException.class);
        assertThat(executor.reactor().isOpen()).as("no task is left").isFalse();
        assertThatThrownBy(() -> Executor.blockOn(maker.make(second))).hasMessageContaining("ECANCELED");
        assertThatThrownBy(() -> Executor.blockOn(maker.make(second))).hasMessageContaining("ECANCELED");
        second.segment(); // owned by us again
    }

    @Test
    void readOfAFile() throws Exception {
        kernel.pipe("/pipe");
        File file = Executor.blockOn(File.open(Path.of("/pipe"), StandardOpenOption.READ));
        theNextFails(file::read);
        assertThatThrownBy(first::segment).as("the kernel's for good").hasMessageContaining("owned by the kernel");
        assertThat(file.descriptor().isClosed()).isTrue();
    }

    @Test
    void receiveOfADatagram() throws Exception {
        UdpSocket socket = UdpSocket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        theNextFails(socket::receive);
        assertThatThrownBy(first::segment).as("the kernel's for good").hasMessageContaining("owned by the kernel");
    }

    @Test
    void acceptOfAConnection() throws Exception {
        TcpListener listener = TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        theNextFails(buffer -> listener.accept());
    }

    @Test
    void takeOfASignal() throws Exception {
        EventFd event = EventFd.counter();
        theNextFails(buffer -> event.take());
        event.close();
    }

    @Test
    void expirationsOfATimer() throws Exception {
        TimerFd timer = TimerFd.start(Duration.ofDays(1), Duration.ZERO);
        theNextFails(buffer -> timer.expirations());
    }

    @Test
    void useThatWaitsForTheLastRingFailsOnTheNext() throws Exception {
        kernel.pipe("/pipe");
        File file = Executor.blockOn(File.open(Path.of("/pipe"), StandardOpenOption.READ));
        Future<Integer> read = file.read(first);
        Executor.spawn(new Script() {
            @Override
            protected Future<?> next(Future<?> last) {
                read.poll(() -> { }); // without a further poll
                return last == null ? Timer.sleep(Duration.ofMillis(1)) : null;
            }
        });
        Executor.run();
        assertThatThrownBy(() -> Executor.blockOn(read)).hasMessageContaining("ECANCELED");
        assertThatThrownBy(first::segment).hasMessageContaining("owned by the kernel");
    }
}

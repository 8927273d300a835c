package io.trale.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.io.Buffer;

import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.ProcSelf;
import io.trale.time.TimerFd;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A descriptor for which something is thrown before its owner exists: it is closed.
@Timeout(60)
class UnownedDescriptorTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final OutOfMemoryError failure = new OutOfMemoryError("on purpose");
    /// Sockets and timers that are open.
    private final Set<Integer> open = new HashSet<>();
    private final Executor executor = Executor.open(new InterceptedKernel() {
        @Override
        public int socket(int domain, int type, int protocol) {
            return opened(super.socket(domain, type, protocol));
        }

        @Override
        public int timerfdCreate(int clock, int flags) {
            return opened(super.timerfdCreate(clock, flags));
        }

        private int opened(int fd) {
            open.add(fd);
            return fd;
        }

        @Override
        public int close(int fd) {
            open.remove(fd);
            return super.close(fd);
        }

        @Override
        public int setsockopt(int fd, int level, int name, MemorySegment value, int valueBytes) {
            throw failure;
        }

        @Override
        public long lseek(int fd, long offsetBytes, int whence) {
            throw failure;
        }

        @Override
        public int timerfdSettime(int fd, int flags, MemorySegment times) {
            throw failure;
        }
    }, ExecutorOptions.defaults());

    @AfterEach
    void close() {
        executor.close();
    }

    private void assertFails(Future<?> future) {
        assertThatThrownBy(() -> executor.submit(future).join()).isSameAs(failure);
    }

    @Test
    void socketOfAConnectThatThrowsIsClosed() throws Exception {
        assertFails(TcpStream.connect(List.of(ANY), NetOptions.none().with(StandardSocketOptions.TCP_NODELAY, true)));
        assertThat(open).isEmpty();
    }

    @Test
    void openedFileWithoutAnOwnerIsClosed(@TempDir Path directory) throws Exception {
        Path path = Files.createFile(directory.resolve("file"));
        assertFails(File.open(path));
        assertThat(ProcSelf.files(path)).isZero();
    }

    @Test
    void timerThatCannotBeSetIsClosed() {
        assertThatThrownBy(() -> TimerFd.start(Duration.ofDays(1), Duration.ZERO)).isSameAs(failure);
        assertThat(open).isEmpty();
    }

    @Test
    void datagramThatIsLostFailsOneReceive() throws Exception {
        UdpSocket socket = UdpSocket.bind(ANY);
        try (Buffer buffer = Buffer.allocate(1)) {
            ReceiveFrom<?, ?> receive = (ReceiveFrom<?, ?>) socket.receive(buffer);
            receive.lost();
            assertThatThrownBy(() -> executor.submit(receive).join()).hasMessageContaining("ENOMEM");
            executor.submit(socket.sendTo(buffer, 0, 1, socket.localAddress())).join();
            assertThat(executor.submit(socket.receive(buffer)).join().length()).isOne();
        }
        socket.close();
    }
}

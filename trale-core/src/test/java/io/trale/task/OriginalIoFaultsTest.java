package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.io.Buffer;
import io.trale.linux.SocketAddresses;
import io.trale.net.Datagram;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UdpSocket;
import io.trale.sim.SimKernel;
import io.trale.sync.EventFd;
import io.trale.testing.ProcSelf;
import io.trale.testing.StreamPair;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The faults of the sockets, files and timers of the Rust original, one test each; the comments describe what the original did.
/// [OriginalLoopFaultsTest] has the faults of its executor.
@org.junit.jupiter.api.Timeout(60) // by its full name: there is a Timeout in this package
class OriginalIoFaultsTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    private static void untilNothingIsInFlight() throws Exception {
        while (Executor.current().stats().inFlight() > 0) {
            await(yieldNow());
        }
    }

    /// The buffer of a cancelled read could be freed at once, and the kernel wrote to it later.
    @Test
    void b01_cancelledReadLeavesTheBufferToTheKernel() throws Exception {
        Executor.blockOn(async(() -> {
            StreamPair pair = StreamPair.tcp();
            Buffer buffer = Buffer.allocate(8);
            Buffer next = Buffer.allocate(8);
            IntFuture read = pair.other().read(buffer);
            assertThat(read.poll(() -> { })).isFalse();
            await(Timer.sleep(Duration.ofNanos(1))); // submitted
            read.cancel();
            assertThatThrownBy(buffer::segment).hasMessageContaining("owned by the kernel until recv(fd=");
            buffer.close(); // takes effect at the last completion
            await(pair.one().write(next, 0, 8));
            assertThat(await(pair.other().read(next))).as("the bytes go to the next read").isEqualTo(8);
            untilNothingIsInFlight();
            assertThatThrownBy(buffer::segment).hasMessage("the buffer is closed");
            next.close();
            pair.close();
        }));
    }

    /// The address was on the stack of `poll`, which was overwritten before the submission if another task ran first. The connect
    /// went to another address, or failed with `EAFNOSUPPORT`.
    @Test
    void b02_addressOfAConnectOutlivesThePoll() throws Exception {
        Executor.blockOn(async(() -> {
            List<TcpListener> listeners = new ArrayList<>();
            List<JoinHandle<TcpStream>> connects = new ArrayList<>();
            for (int i = 0; i < 50; i++) { // all are polled before any is submitted
                listeners.add(TcpListener.bind(ANY));
                connects.add(Executor.spawn(TcpStream.connect(listeners.get(i).localAddress())));
            }
            for (int i = 0; i < 50; i++) {
                TcpStream client = await(connects.get(i));
                TcpStream server = await(listeners.get(i).accept());
                assertThat(server.remoteAddress()).isEqualTo(client.localAddress());
                client.close();
                server.close();
                listeners.get(i).close();
            }
        }));
    }

    /// The descriptor of a cancelled accept or open was leaked, and the client was not served.
    @Test
    void b10_descriptorOfACancelledFutureIsPassedOnOrClosed(@TempDir Path directory) throws Exception {
        Path path = Files.writeString(directory.resolve("file"), "x");
        Executor.blockOn(async(() -> {
            TcpListener listener = TcpListener.bind(ANY);
            long before = ProcSelf.descriptors();
            long files = ProcSelf.files(path);
            Future<TcpStream> accept = listener.accept();
            Future<File> open = File.open(path);
            boolean[] woken = new boolean[2];
            assertThat(accept.poll(() -> woken[0] = true)).isFalse();
            assertThat(open.poll(() -> woken[1] = true)).isFalse();
            TcpStream client = await(TcpStream.connect(listener.localAddress()));
            while (!woken[0] || !woken[1]) {
                await(yieldNow());
            }
            accept.cancel();
            open.cancel();
            TcpStream server = await(listener.accept());
            assertThat(server.remoteAddress()).isEqualTo(client.localAddress());
            client.close();
            server.close();
            untilNothingIsInFlight();
            assertThat(ProcSelf.descriptors()).isEqualTo(before);
            assertThat(ProcSelf.files(path)).isEqualTo(files);
            listener.close();
        }));
    }

    /// Counters and message headers were inside of the futures, which could move while the kernel wrote to them.
    @Test
    void b11_memoryOfAnOperationStaysWhereItIs() throws Exception {
        Executor.blockOn(async(() -> {
            EventFd event = EventFd.counter();
            UdpSocket socket = UdpSocket.bind(ANY);
            Buffer buffer = Buffer.allocate(8);
            JoinHandle<Integer> take = Executor.spawn(event.take());
            JoinHandle<Datagram> receive = Executor.spawn(socket.receive(buffer));
            await(Timer.sleep(Duration.ofNanos(1)));
            System.gc(); // may move every object
            event.signal(7);
            await(socket.sendTo(Buffer.allocate(8), 0, 5, socket.localAddress()));
            assertThat(await(take)).isEqualTo(7);
            assertThat(await(receive)).isEqualTo(new Datagram(5, 5, socket.localAddress()));
            event.close();
            socket.close();
            buffer.close();
        }));
    }

    /// A descriptor was closed before a staged operation on it was submitted; the operation then worked on the next file with
    /// that number.
    @Test
    void b12_closedDescriptorKeepsItsNumberUntilNothingIsStagedOnIt() throws Exception {
        Executor.blockOn(async(() -> {
            EventFd first = EventFd.counter();
            IntFuture take = first.take();
            assertThat(take.poll(() -> { })).isFalse(); // staged
            first.close();
            EventFd second = EventFd.counter();
            second.signal(8);
            assertThat(second.descriptor().fd()).isNotEqualTo(first.descriptor().fd());
            untilNothingIsInFlight();
            assertThatThrownBy(() -> await(take)).hasMessageContaining("ECANCELED");
            assertThat(await(second.take())).isEqualTo(8);
            second.close();
        }));
    }

    /// The deadline was on the wall clock, a sleep of zero disarmed the timer and did not end, and each sleep cost a descriptor and
    /// three system calls.
    @Test
    void b16_sleepsFollowTheMonotonicClockAndShareOneDescriptor() throws Exception {
        Executor.blockOn(Timer.sleep(Duration.ZERO));
        Executor.blockOn(async(() -> {
            long before = ProcSelf.descriptors();
            List<JoinHandle<Void>> sleeps = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                sleeps.add(Executor.spawn(Timer.sleep(Duration.ofNanos(i))));
            }
            assertThat(ProcSelf.descriptors()).isEqualTo(before);
            for (JoinHandle<Void> sleep : sleeps) {
                await(sleep);
            }
        }));
        Executor.current().close();
        SimKernel kernel = new SimKernel(0);
        Executor.open(kernel, ExecutorOptions.defaults());
        long start = kernel.nanoTime();
        Executor.blockOn(Timer.sleep(Duration.ofHours(1))); // on the clock of the kernel; the wall clock hardly moves
        assertThat(kernel.nanoTime() - start).isBetween(Duration.ofHours(1).toNanos(), Duration.ofHours(2).toNanos());
    }

    /// A send resolved its host in `poll`, and panicked if that failed. The scope of a destination was lost, and truncation was
    /// not reported.
    @Test
    void b17_datagramAddressesKeepTheirScopeAndTruncationIsReported() throws Exception {
        Executor.blockOn(async(() -> {
            UdpSocket socket = UdpSocket.bind(ANY);
            Buffer buffer = Buffer.allocate(8);
            Buffer small = Buffer.allocate(4);
            assertThatThrownBy(() -> socket.sendTo(buffer, 0, 8, InetSocketAddress.createUnresolved("nowhere", 1)))
                    .hasMessage("unknown host nowhere");
            await(socket.sendTo(buffer, 0, 8, socket.localAddress()));
            assertThat(await(socket.receive(small)).isTruncated()).isTrue();
            socket.close();
            buffer.close();
            small.close();
        }));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8);
            byte[] ip = InetAddress.getByName("fe80::1").getAddress();
            SocketAddresses.encode(new InetSocketAddress(Inet6Address.getByAddress(null, ip, 5), 1), memory);
            assertThat(((Inet6Address) SocketAddresses.decode(memory).getAddress()).getScopeId()).isEqualTo(5);
        }
    }

    /// Child processes inherited descriptors. A server could not be restarted for a minute. A new file was executable, an existing
    /// one was not truncated, every open was for writing, and a zero character in a path caused a panic.
    @Test
    void b18_descriptorsEndWithExecAndFilesAreOpenedAsRequested(@TempDir Path directory) throws Exception {
        Path path = Files.writeString(directory.resolve("file"), "old");
        Executor.blockOn(async(() -> {
            StreamPair pair = StreamPair.tcp();
            TcpListener listener = TcpListener.bind(ANY);
            UdpSocket socket = UdpSocket.bind(ANY);
            EventFd event = EventFd.counter();
            TimerFd timer = TimerFd.start(Duration.ofDays(1), Duration.ZERO);
            File file = await(File.open(path));
            for (int fd : new int[] {pair.one().descriptor().fd(), pair.other().descriptor().fd(), listener.descriptor().fd(),
                    socket.descriptor().fd(), event.descriptor().fd(), timer.descriptor().fd(), file.descriptor().fd()}) {
                assertThat(ProcSelf.endsWithExec(fd)).as("descriptor %d", fd).isTrue();
            }
            Buffer buffer = Buffer.allocate(8);
            assertThatThrownBy(() -> await(file.write(buffer, 0, 1))).hasMessageContaining("EBADF");
            file.close();

            await(File.create(path)).close();
            assertThat(path).isEmptyFile();
            await(File.create(directory.resolve("new"))).close();
            assertThat(Files.getPosixFilePermissions(directory.resolve("new"))).doesNotContain(
                    PosixFilePermission.OWNER_EXECUTE, PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE);
            assertThatThrownBy(() -> File.open(Path.of("a\0b"))).isInstanceOf(InvalidPathException.class);

            InetSocketAddress address = listener.localAddress();
            TcpStream client = await(TcpStream.connect(address));
            TcpStream server = await(listener.accept());
            server.close(); // first, so that TIME_WAIT is on this side
            assertThat(await(client.read(buffer))).isZero();
            client.close();
            listener.close();
            TcpListener.bind(address).close();
            pair.close();
            socket.close();
            event.close();
            timer.close();
            buffer.close();
        }));
    }
}

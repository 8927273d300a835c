package io.trale;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.fs.File;
import io.trale.future.ErrnoException;
import io.trale.io.AsyncRead;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.net.Datagram;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UdpSocket;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.sim.SimPipe;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.testing.Seeds;
import io.trale.uring.Opcode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Input that the kernel has delivered, and that a completion handler could neither keep nor decode: it threw. The operation
/// and its buffer come back, nothing leaks, the failure is reported once, and no later receive hides the gap.
@Timeout(60)
class LostInputTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /// When a receive is cancelled whose input is lost.
    private enum Cancel { IN_FLIGHT, COMPLETED }

    private final SimKernel kernel = new SimKernel(0).strict();
    private final List<Throwable> uncaught = new ArrayList<>();
    private final Buffer first = Buffer.allocate(10);
    private final Buffer second = Buffer.allocate(10);

    @AfterEach
    void free() {
        first.close();
        second.close();
    }

    private void run(Seeds.Body body) throws Exception {
        Seeds.run(kernel, ExecutorOptions.defaults(), uncaught, body);
        assertThat(uncaught).as("reported once").hasSize(1);
    }

    private static void assertNoMemory(ThrowingCallable receive) {
        assertThatThrownBy(receive).isInstanceOfSatisfying(ErrnoException.class,
                e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(Errno.ENOMEM));
    }

    /// Cancels `receive`, for which the kernel has input in either case.
    private void cancel(Executor executor, JoinHandle<?> receive, Cancel when) throws Exception {
        kernel.faults(Faults.NONE.with(Fault.LOST_CANCEL, 1));
        kernel.elapse(1_000_000); // the input arrives
        while (when == Cancel.COMPLETED && executor.stats().inFlight() > 0) {
            executor.turn(); // completes the receive, whose task runs in the next turn
        }
        receive.abort();
        while (!receive.isDone() || executor.stats().inFlight() > 0) {
            executor.turn();
        }
    }

    private void readsBehindAGapFail(Executor executor, AsyncRead stream, Runnable send, Opcode opcode, Cancel when) throws Exception {
        JoinHandle<Integer> lost = executor.submit(stream.read(first));
        executor.turn();
        kernel.overstateNext(opcode);
        send.run();
        cancel(executor, lost, when);
        first.segment(); // ours again
        assertNoMemory(() -> executor.submit(stream.read(second)).join());
        send.run();
        kernel.elapse(1_000_000);
        assertNoMemory(() -> executor.submit(stream.read(second)).join());
        second.segment();
    }

    @ParameterizedTest
    @EnumSource
    void readsOfASocketBehindAGapFail(Cancel when) throws Exception {
        run(executor -> {
            TcpListener listener = TcpListener.bind(ANY);
            SimPeer peer = kernel.connectTo(listener.localAddress());
            TcpStream stream = executor.submit(listener.accept()).join();
            readsBehindAGapFail(executor, stream, () -> peer.send(new byte[3]), Opcode.RECV, when);
            stream.close();
            listener.close();
        });
    }

    @ParameterizedTest
    @EnumSource
    void readsOfAPipeBehindAGapFail(Cancel when) throws Exception {
        run(executor -> {
            SimPipe pipe = kernel.pipe("/pipe");
            File file = executor.submit(File.open(Path.of("/pipe"), StandardOpenOption.READ)).join();
            readsBehindAGapFail(executor, file, () -> pipe.write(new byte[3]), Opcode.READ, when);
            file.close();
        });
    }

    /// Sends one byte in this turn.
    private static void send(Executor executor, UdpSocket from, UdpSocket to, int content) throws Exception {
        try (Buffer out = Buffer.allocate(1)) {
            out.segment().set(JAVA_BYTE, 0, (byte) content);
            executor.submit(from.sendTo(out, 0, 1, to.localAddress()));
            executor.turn();
        }
    }

    private void assertReceives(Executor executor, UdpSocket socket, UdpSocket sender, int content) throws Exception {
        Datagram datagram = executor.submit(socket.receive(second)).join();
        assertThat(datagram.sender()).isEqualTo(sender.localAddress());
        assertThat(second.segment().get(JAVA_BYTE, 0)).isEqualTo((byte) content);
    }

    /// A missing datagram leaves no gap in others.
    @ParameterizedTest
    @EnumSource
    void lostDatagramFailsTheNextReceiveAlone(Cancel when) throws Exception {
        run(executor -> {
            UdpSocket socket = UdpSocket.bind(ANY);
            JoinHandle<Datagram> lost = executor.submit(socket.receive(first));
            executor.turn();
            kernel.garbleNextPeer();
            send(executor, socket, socket, 1);
            cancel(executor, lost, when);
            first.segment();
            assertNoMemory(() -> executor.submit(socket.receive(second)).join());
            send(executor, socket, socket, 2);
            assertReceives(executor, socket, socket, 2);
            socket.close();
        });
    }

    @Test
    void datagramOfAnUnreadableSenderFailsItsReceive() throws Exception {
        run(executor -> {
            UdpSocket socket = UdpSocket.bind(ANY);
            UdpSocket other = UdpSocket.bind(ANY);
            send(executor, socket, socket, 1);
            assertReceives(executor, socket, socket, 1);
            kernel.garbleNextPeer();
            send(executor, other, socket, 2);
            assertNoMemory(() -> executor.submit(socket.receive(second)).join());
            send(executor, other, socket, 3);
            assertReceives(executor, socket, other, 3);
            socket.close();
            other.close();
        });
    }

    @Test
    void connectionOfAnUnreadablePeerIsClosedAndTheNextAccepted() throws Exception {
        run(executor -> {
            TcpListener listener = TcpListener.bind(ANY);
            JoinHandle<TcpStream> accept = executor.submit(listener.accept());
            kernel.garbleNextPeer();
            SimPeer unreadable = kernel.connectTo(listener.localAddress());
            while (!unreadable.sawEnd()) {
                executor.turn();
                kernel.elapse(1_000_000);
            }
            SimPeer next = kernel.connectTo(listener.localAddress());
            TcpStream stream = accept.join();
            assertThat(next.sawEnd()).isFalse();
            stream.close();
            listener.close();
        });
    }

    /// The kernel reports an error once.
    @ParameterizedTest
    @EnumSource
    void errorOfACancelledDatagramReceiveGoesToTheNext(Cancel when) throws Exception {
        Seeds.run(kernel, ExecutorOptions.defaults(), executor -> {
            UdpSocket socket = UdpSocket.bind(ANY);
            executor.submit(socket.connect(new InetSocketAddress(ANY.getAddress(), 7))).join(); // where no one receives
            JoinHandle<Datagram> refused = executor.submit(socket.receive(first));
            executor.turn();
            executor.submit(socket.send(second, 0, 1));
            executor.turn();
            cancel(executor, refused, when);
            assertThatThrownBy(() -> executor.submit(socket.receive(second)).join()).hasMessageContaining("ECONNREFUSED");
            socket.close();
        });
    }
}

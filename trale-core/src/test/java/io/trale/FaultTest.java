package io.trale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.fs.File;
import io.trale.future.ErrnoException;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.net.Datagram;
import io.trale.net.TcpListener;
import io.trale.net.UdpSocket;
import io.trale.reactor.Counters.Count;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.sync.EventFd;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.testing.ConnectionScripts;
import io.trale.testing.ObservedFuture;
import io.trale.testing.Seeds;
import io.trale.time.Timer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Single faults of the simulated kernel, with a high probability.
@Timeout(60)
class FaultTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static SimKernel storm(Fault fault, double probability) {
        return new SimKernel(fault.ordinal()).strict().faults(Faults.NONE.with(fault, probability));
    }

    @Test
    void stormOfInterruptionsEndsNoSleepTooEarly() throws Exception {
        SimKernel kernel = storm(Fault.INTERRUPTION, 1);
        Seeds.run(kernel, ExecutorOptions.defaults(), executor -> {
            for (int i = 0; i < 20; i++) {
                long before = kernel.nanoTime();
                executor.submit(Timer.sleep(Duration.ofSeconds(1))).join();
                assertThat(kernel.nanoTime() - before).isBetween(1_000_000_000L, 1_100_000_000L);
            }
        });
        assertThat(kernel.happened(Fault.INTERRUPTION)).isGreaterThan(20);
    }

    @Test
    void stormOfInterruptionsWithEntriesSubmittedLosesNoCompletion() throws Exception {
        SimKernel kernel = storm(Fault.INTERRUPTION, 1);
        Seeds.run(kernel, ExecutorOptions.defaults(), executor -> {
            EventFd event = EventFd.counter();
            for (int i = 1; i <= 20; i++) {
                JoinHandle<Integer> take = executor.submit(event.take());
                kernel.foreignAfter(1_000_000, event::signal); // while the enter that submits the read sleeps
                assertThat(take.join()).isOne();
            }
            event.close();
        });
        assertThat(kernel.happened(Fault.INTERRUPTION)).isGreaterThan(20);
    }

    @Test
    void busyKernelIsEnteredAgainAfterItsCompletions() throws Exception {
        SimKernel kernel = storm(Fault.BUSY, 1);
        long[] overflows = new long[1];
        Seeds.run(kernel, ExecutorOptions.defaults().ringEntries(2, 2), executor -> {
            EventFd event = EventFd.semaphore();
            List<JoinHandle<Integer>> takes = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                takes.add(executor.submit(event.take()));
            }
            for (int turn = 0; turn < 100; turn++) { // all are in flight, and complete at the same time
                executor.turn();
            }
            event.signal(50);
            executor.turn();
            for (int i = 0; i < 50; i++) {
                takes.add(executor.submit(event.take()));
            }
            event.signal(50);
            for (JoinHandle<Integer> take : takes) {
                assertThat(take.join()).isOne();
            }
            overflows[0] = executor.reactor().counters().get(Count.OVERFLOWS);
            event.close();
        });
        assertThat(kernel.happened(Fault.BUSY)).isPositive();
        assertThat(overflows[0]).isPositive();
    }

    @Test
    void operationsThatBecameReadyCompleteLastFirst() throws Exception {
        SimKernel kernel = storm(Fault.LAST_FIRST, 1);
        Seeds.run(kernel, ExecutorOptions.defaults(), executor -> {
            List<EventFd> events = List.of(EventFd.counter(), EventFd.counter(), EventFd.counter());
            List<Integer> order = new ArrayList<>();
            List<JoinHandle<Integer>> takes = new ArrayList<>();
            for (EventFd event : events) {
                int number = takes.size();
                takes.add(executor.submit(ObservedFuture.onCompletion(event.take(), () -> order.add(number))));
            }
            executor.turn(); // all are in flight
            events.forEach(EventFd::signal);
            for (JoinHandle<Integer> take : takes) {
                take.join();
            }
            assertThat(order).containsExactly(2, 1, 0);
            events.forEach(EventFd::close);
        });
    }

    @Test
    void interruptedOperationOfASocketThatIsClosedEndsAsCancelled() throws Exception {
        SimKernel kernel = new SimKernel(0).strict();
        Seeds.run(kernel, ExecutorOptions.defaults(), executor -> {
            UdpSocket socket = UdpSocket.bind(ANY);
            Buffer buffer = Buffer.allocate(1);
            JoinHandle<Datagram> receive = executor.submit(socket.receive(buffer));
            executor.turn();
            kernel.faults(Faults.NONE.with(Fault.LOST_CANCEL, 1).with(Fault.HICCUP, 1));
            socket.close();
            assertThatThrownBy(receive::join).isInstanceOfSatisfying(ErrnoException.class,
                    e -> assertThat(e.errno()).isEqualTo(Errno.ECANCELED));
            buffer.close();
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"LATE", "PARTIAL_SUBMISSION", "SHORT_TRANSFER", "INTERRUPTION", "SHORTAGE", "LOST_CANCEL",
        "ENDED_MULTISHOT", "SCRIBBLE", "HICCUP"})
    void harmlessFaultBlocksNothing(Fault fault) throws Exception {
        SimKernel kernel = storm(fault, 0.9);
        byte[] bytes = ConnectionScripts.pattern(kernel.random(), 300);
        SimPeer[] peer = new SimPeer[1];
        Seeds.run(kernel, ExecutorOptions.defaults().ringEntries(4, 4), executor -> {
            TcpListener listener = TcpListener.bind(ANY);
            peer[0] = kernel.connectTo(listener.localAddress()).send(bytes).finish();
            JoinHandle<Void> echo = executor.submit(new ConnectionScripts.EchoServer(listener, 1, 64));

            EventFd event = EventFd.counter();
            for (int i = 0; i < 8; i++) {
                kernel.foreignAfter(10_000, event::signal);
                assertThat(executor.submit(event.take()).join()).isOne();
            }
            File file = executor.submit(File.create(Path.of("/file"))).join();
            executor.submit(file.sync(true)).join();

            UdpSocket socket = UdpSocket.bind(ANY);
            Buffer out = Buffer.allocate(10);
            Buffer in = Buffer.allocate(10);
            Buffer late = Buffer.allocate(10);
            JoinHandle<Datagram> unheard = executor.submit(socket.receive(late));
            executor.turn();
            unheard.abort(); // a datagram that arrives for it goes to the next receive
            executor.submit(socket.sendTo(out, 0, 10, socket.localAddress())).join();
            assertThat(executor.submit(socket.receive(in)).join().size()).isEqualTo(10);

            echo.join();
            kernel.elapse(1_000_000_000); // the last bytes may not have arrived
            socket.close();
            event.close();
            file.close();
            out.close();
            in.close();
            late.close();
        });
        assertThat(kernel.happened(fault)).isPositive();
        assertThat(peer[0].received()).isEqualTo(bytes);
    }
}

package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.ErrnoException;
import io.trale.linux.Net;
import io.trale.net.TcpListener;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.testing.ConnectionScripts;
import io.trale.testing.Seeds;
import io.trale.uring.CompletionQueue;
import io.trale.uring.Ring;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The simulated kernel itself: it is deterministic, its time is virtual, and misuse fails the run.
@Timeout(60)
class SimKernelTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static long hashOfARun(long seed) throws Exception {
        SimKernel kernel = new SimKernel(seed).faults(Faults.ALL).socketBufferBytes(100);
        Seeds.run(kernel, ExecutorOptions.defaults().ringEntries(2, 4), executor -> {
            TcpListener listener = TcpListener.bind(ANY);
            for (int i = 0; i < 5; i++) {
                kernel.connectTo(listener.localAddress()).send(ConnectionScripts.pattern(kernel.random(), 500)).finish();
            }
            kernel.foreign(() -> executor.execute(() -> { }));
            executor.submit(new ConnectionScripts.EchoServer(listener, 3, 64)).join();
        });
        return kernel.hash();
    }

    @Test
    void sameSeedIsTheSameRun() throws Exception {
        for (long seed = 0; seed < 20; seed++) {
            assertThat(hashOfARun(seed)).isEqualTo(hashOfARun(seed));
        }
        assertThat(hashOfARun(1)).isNotEqualTo(hashOfARun(2));
    }

    @Test
    void waitingForWhatWillNeverHappenFails() {
        SimKernel kernel = new SimKernel(42);
        assertThatThrownBy(() -> Seeds.run(kernel, ExecutorOptions.defaults(),
                executor -> executor.submit(TcpListener.bind(ANY).accept()).join()))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("seed 42: enter does not end: no event is scheduled, in flight are [poll(fd=100");
    }

    @Test
    void anHourPassesInNoTime() throws ErrnoException {
        SimKernel kernel = new SimKernel(0);
        try (Arena arena = Arena.ofConfined()) {
            Ring ring = Ring.open(kernel, arena, 1, 2);
            int timer = kernel.timerfdCreate(1, 0);
            MemorySegment spec = arena.allocate(32, 8);
            spec.set(JAVA_LONG, 0, 1); // interval of a second
            spec.set(JAVA_LONG, 16, 3600);
            long before = kernel.nanoTime();
            assertThat(kernel.timerfdSettime(timer, 0, spec)).isZero();
            MemorySegment count = arena.allocate(8, 8);
            ring.submissions.next().prepRead(timer, count.address(), 8, 0);
            assertThat(ring.enter(1, Long.MAX_VALUE)).isOne();
            assertThat(kernel.nanoTime() - before).isEqualTo(TimeUnit.HOURS.toNanos(1));
            assertThat(count.get(JAVA_LONG, 0)).isOne();
            kernel.elapse(TimeUnit.SECONDS.toNanos(5));
            ring.submissions.next().prepRead(timer, count.address(), 8, 0);
            assertThat(ring.enter(1, Long.MAX_VALUE)).isOne();
            assertThat(count.get(JAVA_LONG, 0)).isEqualTo(5);
            kernel.close(timer);
            ring.close();
        }
        kernel.assertQuiescent();
    }

    @Test
    void timedWaitEndsInTime() throws ErrnoException {
        SimKernel kernel = new SimKernel(0);
        try (Arena arena = Arena.ofConfined()) {
            Ring ring = Ring.open(kernel, arena, 1, 2);
            long before = kernel.nanoTime();
            assertThat(ring.enter(1, 5_000_000_000L)).isEqualTo(-62); // ETIME
            assertThat(kernel.nanoTime() - before).isEqualTo(5_000_000_000L);
            ring.close();
        }
    }

    @Test
    void whatIsLeftOpenIsNamed() {
        SimKernel kernel = new SimKernel(3);
        kernel.eventfd(0, 0);
        assertThatThrownBy(kernel::assertQuiescent).hasMessage("seed 3: still open: {1000=eventfd}");
    }

    @Test
    void memoryThatTheKernelMayWriteToIsWrittenToBeforeTheEnd() throws ErrnoException {
        SimKernel kernel = new SimKernel(5).faults(Faults.HARMLESS);
        try (Arena arena = Arena.ofConfined()) {
            Ring ring = Ring.open(kernel, arena, 2, 4);
            MemorySegment memory = arena.allocate(8, 8);
            int eventfd = kernel.eventfd(0, Net.EFD_NONBLOCK);
            ring.submissions.next().prepRead(eventfd, memory.address(), 8, 0);
            while (memory.get(JAVA_LONG, 0) == 0) {
                assertThat(ring.enter(0, 0)).isNotNegative();
            }
            kernel.write8(eventfd, 9);
            while (ring.completions.ready() == 0) {
                ring.enter(1, Long.MAX_VALUE);
            }
            long[] batch = new long[2];
            assertThat(ring.completions.drain(batch)).isOne();
            assertThat(CompletionQueue.result(batch[1])).isEqualTo(8);
            assertThat(memory.get(JAVA_LONG, 0)).isEqualTo(9);
            kernel.close(eventfd);
            ring.close();
        }
        kernel.assertQuiescent();
    }

    @Test
    void stepOfAnotherThreadMayBeHeldUpInsideAWriteWhileTheLoopGoesOn() throws Exception {
        List<Long> callsMeanwhile = new ArrayList<>();
        for (long seed = 0; seed < 50; seed++) {
            SimKernel kernel = new SimKernel(seed);
            int eventfd = kernel.eventfd(0, Net.EFD_NONBLOCK);
            kernel.foreign(() -> {
                long before = kernel.calls();
                assertThat(kernel.write8(eventfd, 1)).isEqualTo(8);
                callsMeanwhile.add(kernel.calls() - before);
            });
            for (int i = 0; i < 10; i++) {
                kernel.close(kernel.eventfd(0, 0));
            }
            kernel.runForeignToEnd();
            kernel.close(eventfd);
            kernel.assertQuiescent();
        }
        assertThat(callsMeanwhile).hasSize(50).contains(0L).anyMatch(calls -> calls > 2);
    }

    @Test
    void spinningForNobodyIsCaught() {
        SimKernel kernel = new SimKernel(9);
        assertThatThrownBy(kernel::spinWait).hasMessage("seed 9: spins without an end: no other thread is in a call");
    }

    @Test
    void writeToAnEventfdThatWasClosedMeanwhileIsCaught() {
        for (long seed = 0; seed < 1000; seed++) {
            SimKernel kernel = new SimKernel(seed).strict();
            int eventfd = kernel.eventfd(0, Net.EFD_NONBLOCK);
            kernel.foreign(() -> kernel.write8(eventfd, 1));
            kernel.foreign.proceed();
            if (!kernel.foreign.isEmpty()) {
                try {
                    kernel.close(eventfd);
                    kernel.runForeignToEnd();
                } catch (AssertionError e) {
                    assertThat(e).hasMessageContaining("write8 to 1000: eventfd when the call began, null now");
                    return;
                } // else it was suspended after the write
            }
        }
        throw new AssertionError("no write was suspended before it was done");
    }

    @Test
    void callsOfOtherThreadsAreCaught() throws Exception {
        SimKernel kernel = new SimKernel(0);
        kernel.foreign(() -> kernel.eventfd(0, 0));
        assertThatThrownBy(() -> Seeds.run(kernel, ExecutorOptions.defaults(), Executor::turn))
                .isInstanceOf(AssertionError.class).hasMessageContaining("eventfd is called on Thread[");
    }
}

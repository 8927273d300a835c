package io.trale.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.net.Datagram;
import io.trale.net.UdpSocket;
import io.trale.testing.InterceptedKernel;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Tasks that always keep themselves runnable: they delay others by a bounded number of turns. The clock of their kernel does not
/// move, so turns are bounded by count only.
@org.junit.jupiter.api.Timeout(60) // by its full name: there is a Timeout in this package
class FairnessTest {

    /// As in [Executor].
    private static final int JOBS_PER_TURN = 256;

    private final Buffer buffer = Buffer.allocate(16);
    private Executor executor;
    private UdpSocket socket;
    private JoinHandle<Datagram> waiting;

    @BeforeEach
    void aTaskReceives() throws Exception {
        executor = Executor.open(new InterceptedKernel() {
            @Override
            public long nanoTime() {
                return 0; // else a turn on a busy machine would end early
            }
        }, ExecutorOptions.defaults());
        socket = UdpSocket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        waiting = executor.submit(socket.receive(buffer));
        executor.turn();
        assertThat(executor.stats().inFlight()).isEqualTo(1);
    }

    @AfterEach
    void noExecutorIsLeft() {
        socket.close();
        buffer.close();
        executor.close();
    }

    /// Sends a datagram. On loopback, it is in the receive queue when this returns.
    private void makeReady() {
        try (DatagramSocket peer = new DatagramSocket()) {
            peer.send(new DatagramPacket(new byte[1], 1, socket.localAddress()));
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Future<Void> yieldingForEver() {
        return new ScriptedFuture<>(waker -> {
            waker.wake();
            return false;
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, JOBS_PER_TURN, 1000, 10_000})
    void readySocketIsServedWithinATurnOfYieldingTasks(int yielding) throws Exception {
        for (int i = 0; i < yielding; i++) {
            executor.submit(yieldingForEver());
        }
        for (int i = 0; i < 100; i++) {
            executor.turn();
        }
        makeReady();
        int turns = 0;
        while (!waiting.isDone()) {
            executor.turn();
            turns++;
        }
        assertThat(turns).as("an enter, then the task runs").isLessThanOrEqualTo(2 + yielding / JOBS_PER_TURN);
    }

    @Test
    void chainOfAMillionSpawnsOverflowsNoStackAndStarvesNoSocket() throws Exception {
        int links = 1_000_000;
        int ready = 1000;
        AtomicInteger link = new AtomicInteger();
        AtomicInteger served = new AtomicInteger();
        executor.submit(new Future<Void>() {
            @Override
            public boolean poll(Waker waker) {
                if (!waiting.poll(waker)) {
                    return false;
                }
                served.set(link.get());
                return true;
            }

            @Override
            public Void result() {
                return null;
            }
        });
        executor.submit(new ScriptedFuture<Void>(waker -> chain(link, links, ready)));
        executor.runToEnd();
        assertThat(link.get()).isEqualTo(links);
        assertThat(served.get()).isBetween(ready, ready + 2 * JOBS_PER_TURN);
    }

    private boolean chain(AtomicInteger link, int links, int ready) {
        int number = link.incrementAndGet();
        if (number == ready) {
            makeReady();
        }
        if (number < links) {
            Executor.spawn(new ScriptedFuture<Void>(waker -> chain(link, links, ready)));
        }
        return true;
    }

    @Test
    void turnRunsABoundedNumberOfTasks() throws Exception {
        ScriptedFuture<Void> restless = new ScriptedFuture<>(waker -> {
            waker.wake();
            return false;
        });
        executor.submit(restless);
        for (int turn = 1; turn <= 10; turn++) {
            assertThat(executor.turn()).isTrue();
            assertThat(restless.polls).isEqualTo(turn * JOBS_PER_TURN);
        }
    }
}

package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.timeout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.net.UdpSocket;
import io.trale.sync.EventFd;
import io.trale.time.Timer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// The executor of a future: for a time, the one that polls it; for a descriptor, that of the descriptor. Other executors are
/// refused.
@org.junit.jupiter.api.Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD) // there is a Timeout in this package
class OwnershipTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Duration SHORT = Duration.ofMillis(5);

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    // ---- time

    @Test
    void sleepOfAThreadWithoutExecutorBelongsToItsPoller() throws Exception {
        try (Executor executor = Executor.start("loop")) {
            executor.submit(Timer.sleep(SHORT)).join();
            assertThatThrownBy(() -> executor.submit(timeout(ScriptedFuture.pending(), SHORT)).join())
                    .isInstanceOf(TimeoutException.class);
        }
        Executor.open(ExecutorOptions.defaults()); // fails if the thread has an executor already
    }

    @Test
    void sleepOfAnotherExecutorBelongsToItsPoller() throws Exception {
        try (Executor one = Executor.start("one"); Executor two = Executor.start("two")) {
            one.submit(async(() -> await(two.submit(Timer.sleep(SHORT))))).join();
            one.submit(async(() -> assertThatThrownBy(() -> await(two.submit(timeout(ScriptedFuture.pending(), SHORT))))
                    .isInstanceOf(TimeoutException.class))).join();
        }
    }

    @Test
    void sleepBelongsToTheNextExecutorAfterAClose() throws Exception {
        Future<Void> sleep = Timer.sleep(SHORT);
        Executor.blockOn(new ScriptedFuture<Void>(waker -> {
            sleep.poll(waker);
            return true;
        }));
        Executor.current().close();
        Executor.blockOn(sleep);
    }

    // ---- descriptors

    @Test
    void anotherExecutorIsRefused() throws Exception {
        EventFd event = EventFd.counter();
        try (Executor other = Executor.start("other")) {
            assertThatThrownBy(() -> other.submit(event.take()).join()).isInstanceOf(WrongThreadException.class)
                    .hasMessageMatching("belongs to Thread.*, called on Thread.*other.*");
        }
        event.signal(3);
        assertThat(Executor.blockOn(event.take())).as("the event is not affected").isEqualTo(3);
        event.close();
    }

    @Test
    void cancelAndCloseNeedTheLoopThreadWhileInFlight() throws Exception {
        try (Executor executor = Executor.start("loop")) {
            EventFd event = executor.submit(async(EventFd::counter)).join();
            IntFuture take = executor.submit(async(() -> event.take())).join();
            JoinHandle<Integer> taking = executor.submit(take);
            while (executor.stats().inFlight() == 0) {
                Thread.onSpinWait();
            }
            assertThatThrownBy(take::cancel).isInstanceOf(WrongThreadException.class);
            assertThatThrownBy(event::close).isInstanceOf(WrongThreadException.class);
            event.signal(3);
            assertThat(taking.join()).as("it was not closed").isEqualTo(3);
            executor.submit(async(event::close)).join();

            UdpSocket socket = executor.submit(async(() -> UdpSocket.bind(ANY))).join();
            assertThatThrownBy(socket::close).isInstanceOf(WrongThreadException.class);
            assertThat(socket.localAddress().getPort()).as("it was not closed").isPositive();
            executor.submit(async(socket::close)).join();
        }
    }

    @Test
    void futuresOfAClosedExecutorFail() throws Exception {
        EventFd event = EventFd.counter();
        event.signal();
        Executor.current().close();
        assertThatThrownBy(() -> Executor.blockOn(event.take())).isInstanceOf(IllegalStateException.class)
                .hasMessage("belongs to an executor that was closed");
        event.close();
    }
}

package io.trale.sync;

import static io.trale.testing.CancelAtEveryStep.atEveryStep;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.testing.CancelAtEveryStep;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Sleeps, waits and locks that are cancelled at every step: signals, expirations and locks go to the next.
@Timeout(120)
class WaitCancelTest {

    @Test
    void sleep() throws Exception {
        atEveryStep(() -> new CancelAtEveryStep<Void>() {
            @Override
            protected Future<Void> future() {
                return Timer.sleep(Duration.ofMillis(1));
            }

            @Override
            protected void after(Void nothing) {
                assertThat(executor.reactor().deadlines().size()).isZero();
            }
        });
    }

    @Test
    void expirations() throws Exception {
        atEveryStep(() -> new CancelAtEveryStep<Integer>() {
            private TimerFd timer;
            private long start;

            @Override
            protected Future<Integer> future() throws Exception {
                start = kernel.nanoTime();
                timer = TimerFd.start(Duration.ofMillis(1), Duration.ofMillis(1));
                return timer.expirations();
            }

            @Override
            protected void after(Integer before) throws Exception {
                long counted = (before == null ? 0 : before) + run(timer.expirations());
                assertThat(counted).isBetween(1L, (kernel.nanoTime() - start) / 1_000_000);
                timer.close();
            }
        });
    }

    @Test
    void takeOfASignal() throws Exception {
        atEveryStep(() -> new CancelAtEveryStep<Integer>() {
            private EventFd event;

            @Override
            protected Future<Integer> future() throws Exception {
                event = EventFd.semaphore();
                event.signal();
                return event.take();
            }

            @Override
            protected void after(Integer count) throws Exception {
                assertThat(count == null ? run(event.take()) : count).isOne();
                event.close();
            }
        });
    }

    @Test
    void lockOfAMutex() throws Exception {
        atEveryStep(() -> new CancelAtEveryStep<Mutex<String>.Guard>() {
            private final Mutex<String> mutex = new Mutex<>("");

            @Override
            protected Future<Mutex<String>.Guard> future() throws Exception {
                Mutex<String>.Guard first = run(mutex.lock());
                kernel.after(2_500, () -> executor.execute(() -> {
                    first.close();
                    kernel.close(kernel.eventfd(0, 0)); // a system call between the grant and the poll of the waiter
                }));
                executor.submit(Timer.sleep(Duration.ofNanos(5_000)));
                return mutex.lock();
            }

            @Override
            protected void after(Mutex<String>.Guard guard) throws Exception {
                if (guard != null) {
                    guard.close();
                }
                run(mutex.lock()).close();
            }
        });
    }
}

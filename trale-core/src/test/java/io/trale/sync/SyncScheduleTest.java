package io.trale.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.Async;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import io.trale.testing.ImpatientFuture;
import io.trale.testing.Script;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Events and the mutex under random schedules, within one executor and across two.
@Timeout(120)
class SyncScheduleTest {

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-core", "SyncScheduleTest#" + name, Seeds.CORE_SHARE, scenario);
    }

    // ---- events

    /// Takes signals, with random cancels, until all were taken.
    private static final class Taker extends Script {

        private final SimKernel kernel;
        private final EventFd event;
        private final long[] left;
        private final SettableFuture done;
        private IntFuture take;

        Taker(SimKernel kernel, EventFd event, long[] left, SettableFuture done) {
            this.kernel = kernel;
            this.event = event;
            this.left = left;
            this.done = done;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (last != null && (Boolean) last.result()) {
                left[0] -= take.resultAsInt();
                assertThat(left[0]).isNotNegative();
                if (left[0] == 0) {
                    done.set();
                }
            }
            if (left[0] == 0) {
                return null;
            }
            take = event.take();
            return new ImpatientFuture(kernel, take);
        }
    }

    @Test
    void signalsOfCancelledTakesGoToTheNext() {
        run("signalsOfCancelledTakesGoToTheNext", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP));
            SplittableRandom random = kernel.random();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                EventFd event = random.nextBoolean() ? EventFd.counter() : EventFd.semaphore();
                long[] left = {1 + random.nextInt(20)};
                for (long i = left[0]; i > 0; i--) {
                    kernel.foreignAfter(random.nextLong(500_000), event::signal);
                }
                SettableFuture done = new SettableFuture();
                List<JoinHandle<Void>> takers = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    takers.add(executor.submit(new Taker(kernel, event, left, done)));
                }
                executor.submit(done).join();
                takers.forEach(JoinHandle::abort);
                event.close();
            });
        });
    }

    /// A signal may be suspended in its call while the event is closed.
    @Test
    void closeWaitsForSignalsThatHaveBegun() {
        run("closeWaitsForSignalsThatHaveBegun", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                EventFd event = EventFd.counter();
                for (int i = 0; i < 5; i++) {
                    kernel.foreignAfter(kernel.random().nextLong(10_000), () -> {
                        try {
                            event.signal();
                        } catch (IllegalStateException closed) {
                            assertThat(closed).hasMessage("the event is closed");
                        }
                    });
                }
                kernel.elapse(kernel.random().nextLong(10_000));
                event.close();
                kernel.eventfd(0, 0); // takes the number
                kernel.elapse(10_000);
                kernel.close(1000);
            });
        });
    }

    // ---- the mutex

    /// Locks the mutex repeatedly, holds it for a while, and checks that no other task has it.
    private static final class Locking extends Script {

        private final SimKernel kernel;
        private final Mutex<int[]> mutex;
        private Future<Mutex<int[]>.Guard> lock;
        private Mutex<int[]>.Guard guard;
        private int rounds = 5;
        private int holding;

        Locking(SimKernel kernel, Mutex<int[]> mutex) {
            this.kernel = kernel;
            this.mutex = mutex;
        }

        @Override
        protected Future<?> next(Future<?> last) throws Exception {
            if (guard == null && last != null && (last == lock || ((ImpatientFuture) last).result())) {
                guard = lock.result();
                assertThat(guard.get()[0]++).as("other holders of the mutex").isZero();
                holding = kernel.random().nextInt(3);
            }
            if (guard != null) {
                if (holding-- > 0) {
                    return Async.yieldNow();
                }
                guard.get()[0]--;
                guard.get()[1]++;
                guard.close();
                guard = null;
            }
            if (--rounds < 0) {
                return null;
            }
            lock = mutex.lock();
            return kernel.random().nextBoolean() ? lock : new ImpatientFuture(kernel, lock);
        }
    }

    @Test
    void mutexIsHeldByOneTaskAtATime() {
        run("mutexIsHeldByOneTaskAtATime", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            Mutex<int[]> mutex = new Mutex<>(new int[2]);
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                for (int i = 0; i < 4; i++) {
                    executor.submit(new Locking(kernel, mutex));
                }
                executor.runToEnd();
            });
            assertUnlocked(mutex);
        });
    }

    private static void assertUnlocked(Mutex<int[]> mutex) throws Exception {
        Future<Mutex<int[]>.Guard> lock = mutex.lock();
        assertThat(lock.poll(() -> { })).isTrue();
        assertThat(lock.result().get()[0]).isZero();
    }

    /// A second executor, on the foreign thread and its own kernel, which runs in single turns.
    private static final class Neighbour {

        private final SimKernel kernel;
        private SimKernel own;
        private Executor executor;
        private final SettableFuture done = new SettableFuture();

        Neighbour(SimKernel kernel, Executor here, List<Future<Void>> tasks) {
            this.kernel = kernel;
            kernel.foreign(() -> {
                own = new SimKernel(kernel.seed());
                executor = Executor.open(own, Seeds.options(own));
                tasks.forEach(executor::submit);
                turn(here);
            });
        }

        private void turn(Executor here) {
            try {
                if (executor.turn()) {
                    kernel.foreignAfter(1 + kernel.random().nextInt(20_000), () -> turn(here));
                } else {
                    executor.close();
                    own.assertQuiescent();
                    here.execute(done::set);
                }
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void mutexIsHeldByOneTaskOfTwoExecutorsAtATime() {
        run("mutexIsHeldByOneTaskOfTwoExecutorsAtATime", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS);
            Mutex<int[]> mutex = new Mutex<>(new int[2]);
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                Neighbour neighbour = new Neighbour(kernel, executor,
                        List.of(new Locking(kernel, mutex), new Locking(kernel, mutex)));
                executor.submit(new Locking(kernel, mutex));
                executor.submit(new Locking(kernel, mutex));
                executor.submit(neighbour.done);
                executor.runToEnd();
            });
            assertUnlocked(mutex);
        });
    }
}

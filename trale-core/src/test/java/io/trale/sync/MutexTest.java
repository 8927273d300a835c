package io.trale.sync;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Kernel;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The mutex: exclusion across executors, FIFO order, and no lost unlock after a cancel.
@Timeout(60)
class MutexTest {

    @AfterEach
    void noExecutorIsLeft() {
        Executor.current().close();
    }

    @Test
    void aHundredTasksOnFourThreadsLoseNoIncrement() throws Exception {
        Mutex<Integer> mutex = new Mutex<>(0);
        List<Executor> executors = new ArrayList<>();
        List<JoinHandle<Void>> tasks = new ArrayList<>();
        for (int e = 0; e < 4; e++) {
            Executor executor = Executor.start("mutex-" + e);
            executors.add(executor);
            for (int t = 0; t < 25; t++) {
                tasks.add(executor.submit(async(() -> {
                    for (int i = 0; i < 100; i++) {
                        try (var guard = await(mutex.lock())) {
                            int before = guard.get();
                            if (i % 10 == 0) {
                                await(yieldNow()); // held across a suspension
                            }
                            guard.set(before + 1);
                        }
                    }
                })));
            }
        }
        for (JoinHandle<Void> task : tasks) {
            task.join();
        }
        executors.forEach(Executor::close);
        try (var guard = Executor.blockOn(mutex.lock())) {
            assertThat(guard.get()).isEqualTo(10_000);
        }
    }

    @Test
    void waitersAreServedInFifoOrder() throws Exception {
        Mutex<List<Integer>> mutex = new Mutex<>(new ArrayList<>());
        var first = Executor.blockOn(mutex.lock());
        for (int i = 0; i < 20; i++) {
            int number = i;
            Executor.spawn(async(() -> {
                try (var guard = await(mutex.lock())) {
                    guard.get().add(number);
                    await(yieldNow());
                }
            }));
        }
        Executor.spawn(async(first::close));
        Executor.run();
        try (var guard = Executor.blockOn(mutex.lock())) {
            assertThat(guard.get()).isSorted().hasSize(20);
        }
    }

    @Test
    void aCancelBeforeOrAfterTheGrantPassesTheMutexOn() throws Exception {
        Mutex<String> mutex = new Mutex<>("");
        Executor.blockOn(async(() -> {
            var guard = await(mutex.lock());
            var waiting = mutex.lock();
            assertThat(waiting.poll(() -> {})).isFalse();
            waiting.cancel();
            guard.close();

            var again = await(mutex.lock());
            var granted = mutex.lock();
            boolean[] woken = {false};
            assertThat(granted.poll(() -> woken[0] = true)).isFalse();
            again.close();
            assertThat(woken[0]).isTrue();
            granted.cancel(); // granted, but its result was not taken

            await(mutex.lock()).close();
        }));
    }

    @Test
    void cancelledWaitersLeaveTheQueueOfAHeldMutex() throws Exception {
        Mutex<String> mutex = new Mutex<>("");
        var holding = mutex.lock();
        assertThat(holding.poll(() -> { })).isTrue();
        var patient = mutex.lock();
        assertThat(patient.poll(() -> { })).isFalse();
        List<WeakReference<?>> cancelled = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            var lock = mutex.lock();
            assertThat(lock.poll(() -> { })).isFalse();
            lock.cancel();
            cancelled.add(new WeakReference<>(lock));
        }
        while (cancelled.stream().anyMatch(lock -> lock.get() != null) && !Thread.currentThread().isInterrupted()) {
            System.gc();
        }
        assertThat(cancelled).as("still in the queue").allMatch(lock -> lock.get() == null);
        holding.result().close();
        assertThat(patient.poll(() -> { })).isTrue();
        patient.result().close();
    }

    /// The real kernel, with every call counted.
    private static Kernel counted(AtomicInteger calls) {
        Kernel real = Kernel.real();
        return (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> {
                    calls.incrementAndGet();
                    return method.invoke(real, arguments);
                });
    }

    @Test
    void uncontendedLockMakesNoSystemCall() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        Executor.open(counted(calls), ExecutorOptions.defaults());
        Mutex<Integer> mutex = new Mutex<>(0);
        Executor.blockOn(async(() -> {
            int before = calls.get();
            assertThat(before).as("the ring has been opened").isPositive();
            for (int i = 0; i < 1000; i++) {
                try (var guard = await(mutex.lock())) {
                    guard.set(guard.get() + 1);
                }
            }
            assertThat(calls.get()).isEqualTo(before);
        }));
    }

    @Test
    void resultMayBeCalledTwice() throws Exception {
        Mutex<Integer> mutex = new Mutex<>(0);
        var lock = mutex.lock();
        var guard = Executor.blockOn(lock);
        assertThat(lock.result()).isSameAs(guard);
        lock.result().close();
        guard.close();
        var holding = Executor.blockOn(mutex.lock());
        assertThat(mutex.lock().poll(() -> { })).as("one permit came back, not two").isFalse();
        holding.close();
    }

    @Test
    void aClosedGuardProtectsNothing() throws Exception {
        Mutex<Integer> mutex = new Mutex<>(0);
        var guard = Executor.blockOn(mutex.lock());
        guard.close();
        guard.close();
        assertThatThrownBy(guard::get).isInstanceOf(IllegalStateException.class);
        Executor.blockOn(mutex.lock()).close();
    }
}

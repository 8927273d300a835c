package io.trale.sync;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// A lock for tasks, of one executor or of many, with the value that it protects.
///
/// One number counts the holder and all who wait. A lock that raises it from 0 has the mutex, without a system call.
/// Others queue, and the mutex is handed to the first of them when it is given back: first come, first served, and
/// nobody barges in. A waiter is woken like any task, if need be through the eventfd of its executor.
public final class Mutex<T> {

    private final AtomicInteger holderAndWaiters = new AtomicInteger();
    private final ConcurrentLinkedQueue<Lock> queue = new ConcurrentLinkedQueue<>();
    private T value;

    /// A mutex around `value`.
    public Mutex(T value) {
        this.value = value;
    }

    /// Waits for the mutex; completes with the guard, which has to be closed. A cancelled one gives the mutex on. Any
    /// executor.
    public Future<Guard> lock() {
        return new Lock();
    }

    private void unlock() {
        while (holderAndWaiters.decrementAndGet() > 0) {
            Lock next = queue.poll();
            while (next == null) { // it is counted, and about to queue
                Thread.onSpinWait();
                next = queue.poll();
            }
            if (next.grant()) {
                return;
            }
        }
    }

    /// The mutex in hand. For the task that locked it.
    public final class Guard implements AutoCloseable {

        private boolean open = true;

        private Guard() {}

        /// The protected value.
        public T get() {
            check();
            return value;
        }

        /// Replaces the protected value.
        public void set(T value) {
            check();
            Mutex.this.value = value;
        }

        private void check() {
            if (!open) {
                throw new IllegalStateException("the mutex is unlocked");
            }
        }

        /// Unlocks. Idempotent.
        @Override
        public void close() {
            if (open) {
                open = false;
                unlock();
            }
        }
    }

    private final class Lock implements Future<Guard> {

        private static final int NEW = 0;
        private static final int WAITING = 1;
        private static final int GRANTED = 2;
        private static final int OVER = 3;

        /// Changed by the waiter, and by the one who unlocks.
        private final AtomicInteger state = new AtomicInteger(NEW);
        private volatile Waker waker;
        private Guard guard;

        @Override
        public boolean poll(Waker waker) {
            this.waker = waker; // before the state is looked at: whoever grants wakes this one, or we see it granted
            if (state.get() == NEW) {
                if (holderAndWaiters.getAndIncrement() == 0) {
                    state.set(GRANTED);
                } else {
                    state.set(WAITING);
                    queue.add(this);
                }
            }
            return state.get() == GRANTED;
        }

        /// Hands the mutex over; false if nobody waits here any more.
        boolean grant() {
            if (state.compareAndSet(WAITING, GRANTED)) {
                waker.wake();
                return true;
            }
            return false;
        }

        @Override
        public Guard result() {
            if (guard == null) { // else it was asked for already: there is one for each lock
                state.set(OVER);
                guard = new Guard();
            }
            return guard;
        }

        @Override
        public void cancel() {
            if (state.getAndSet(OVER) == GRANTED) {
                unlock(); // it came, and nobody took it
            } // else whoever finds us in the queue passes us by
        }
    }
}

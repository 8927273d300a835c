package io.trale.sync;

import io.trale.future.Future;
import io.trale.future.Waker;

/// A lock for tasks, of one executor or of many, with the value that it protects.
///
/// Waiters queue, and an unlock hands the mutex to the first of them: first come, first served, and no later lock
/// overtakes. A waiter is woken like any task, if need be through the eventfd of its executor. A cancelled waiter leaves
/// the queue at once. This object's monitor guards the queue; it is held for a few instructions, never during a wake.
public final class Mutex<T> {

    private boolean held;
    private Lock first;
    private Lock last;
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
        Lock next;
        synchronized (this) {
            next = first;
            if (next == null) {
                held = false;
                return;
            }
            remove(next);
            next.state = Lock.State.GRANTED;
        }
        next.waker.wake();
    }

    private void add(Lock lock) {
        lock.previous = last;
        if (last == null) {
            first = lock;
        } else {
            last.next = lock;
        }
        last = lock;
    }

    private void remove(Lock lock) {
        if (lock.previous == null) {
            first = lock.next;
        } else {
            lock.previous.next = lock.next;
        }
        if (lock.next == null) {
            last = lock.previous;
        } else {
            lock.next.previous = lock.previous;
        }
        lock.previous = null;
        lock.next = null;
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

    /// One wish for the mutex. All fields but `guard` are for the holder of the monitor, and `waker` for the one who has
    /// granted the mutex.
    private final class Lock implements Future<Guard> {

        /// In this order; a free mutex is granted without waiting, and a cancel leads to OVER from anywhere.
        private enum State { NEW, WAITING, GRANTED, OVER }

        private State state = State.NEW;
        private Waker waker;
        private Lock previous;
        private Lock next;
        private Guard guard;

        @Override
        public boolean poll(Waker waker) {
            synchronized (Mutex.this) {
                if (state == State.NEW) {
                    if (held) {
                        state = State.WAITING;
                        add(this);
                    } else {
                        held = true;
                        state = State.GRANTED;
                    }
                }
                if (state == State.WAITING) {
                    this.waker = waker;
                }
                return state == State.GRANTED;
            }
        }

        @Override
        public Guard result() {
            if (guard == null) { // one for each lock, however often it is asked for
                synchronized (Mutex.this) {
                    state = State.OVER;
                }
                guard = new Guard();
            }
            return guard;
        }

        @Override
        public void cancel() {
            State before;
            synchronized (Mutex.this) {
                before = state;
                state = State.OVER;
                if (before == State.WAITING) {
                    remove(this);
                }
            }
            if (before == State.GRANTED) {
                unlock(); // the guard was not taken
            }
        }
    }
}

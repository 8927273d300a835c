package io.trale.sync;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.LinkedHashSet;

/// A lock for tasks of one or several executors, with the value that it protects.
///
/// The mutex is fair: an unlock passes it to the waiter that has waited longest. A waiter is woken like any task, through
/// the eventfd of its executor if necessary. A cancelled waiter is removed from the queue at once.
///
/// The monitor of this object guards the queue. It is held for a few instructions, never during a wake.
public final class Mutex<T> {

    private boolean held;
    private final LinkedHashSet<Lock> waiting = new LinkedHashSet<>();
    private T value;

    /// Creates an unlocked mutex that protects `value`.
    public Mutex(T value) {
        this.value = value;
    }

    /// Waits for the mutex. Completes with the guard; the caller must close it. If the future is cancelled after the mutex
    /// was granted, the next waiter gets the mutex. A task of any executor may call this.
    public Future<Guard> lock() {
        return new Lock();
    }

    private void unlock() {
        Lock next;
        synchronized (this) {
            if (waiting.isEmpty()) {
                held = false;
                return;
            }
            next = waiting.removeFirst();
            next.state = Lock.State.GRANTED;
        }
        next.waker.wake();
    }

    /// Access to the protected value, until closed. For the task that locked the mutex.
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

    /// A waiter of the mutex. The monitor guards all fields except `guard`. After a grant, the granting thread reads `waker`
    /// without the monitor: `poll` no longer writes it then.
    private final class Lock implements Future<Guard> {

        /// The states, in this order. If the mutex is free, WAITING is skipped. A cancel leads from any state to OVER.
        private enum State { NEW, WAITING, GRANTED, OVER }

        private State state = State.NEW;
        private Waker waker;
        private Guard guard;

        @Override
        public boolean poll(Waker waker) {
            synchronized (Mutex.this) {
                if (state == State.NEW) {
                    if (held) {
                        state = State.WAITING;
                        waiting.add(this);
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
            if (guard == null) { // further calls return the same guard
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
                waiting.remove(this);
            }
            if (before == State.GRANTED) {
                unlock(); // the guard was not taken
            }
        }
    }
}

package io.trale.sync;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.future.Future;
import io.trale.stress.Twin;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/// Two tasks of different executors use one [Mutex].
public class MutexStress {

    /// A mutex and a pending lock.
    abstract static class Base {

        final Mutex<Integer> mutex = new Mutex<>(1);
        final Future<Mutex<Integer>.Guard> lock = mutex.lock();

        /// Locks the mutex, which must be free.
        final Mutex<Integer>.Guard guard() {
            Future<Mutex<Integer>.Guard> free = mutex.lock();
            if (!free.poll(() -> { })) {
                throw new AssertionError("the mutex is locked");
            }
            return guard(free);
        }

        static Mutex<Integer>.Guard guard(Future<Mutex<Integer>.Guard> granted) {
            try {
                return granted.result();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    /// Two tasks lock the mutex.
    @JCStressTest
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "one task holds the mutex")
    @Outcome(expect = FORBIDDEN, desc = "both tasks or neither hold it")
    @Twin(fault = "a poll is not exclusive", of = "sync.Mutex",
            real = "public boolean poll(Waker waker) { synchronized (Mutex.this) {",
            broken = "public boolean poll(Waker waker) { synchronized (this) {")
    @State
    public static class LockAndLock extends Base {

        private final Future<Mutex<Integer>.Guard> otherLock = mutex.lock();

        @Actor
        public void one(ZZ_Result r) {
            r.r1 = lock.poll(() -> { });
        }

        @Actor
        public void other(ZZ_Result r) {
            r.r2 = otherLock.poll(() -> { });
        }
    }

    /// The holder changes the value and unlocks while another task locks.
    @JCStressTest
    @Outcome(id = {"true, 2", "false, 2"}, expect = ACCEPTABLE, desc = "granted at once, or after a wake")
    @Outcome(expect = FORBIDDEN, desc = "the waiter is not woken, or sees the old value")
    @Twin(fault = "an unlock reads the queue outside of the monitor", of = "sync.Mutex",
            real = "synchronized (this) { if (waiting.isEmpty()) {",
            broken = "boolean empty = waiting.isEmpty(); synchronized (this) { if (empty) {")
    @State
    public static class UnlockAndLock extends Base {

        private final Mutex<Integer>.Guard guard = guard();
        private boolean woken;

        @Actor
        public void holder() {
            guard.set(2);
            guard.close();
        }

        @Actor
        public void other(ZI_Result r) {
            r.r1 = lock.poll(() -> woken = true);
            if (r.r1) {
                r.r2 = guard(lock).get();
            }
        }

        @Arbiter
        public void later(ZI_Result r) {
            if (!r.r1 && woken && lock.poll(() -> { })) {
                r.r2 = guard(lock).get();
            }
        }
    }

    /// The holder unlocks while the waiter is polled with a new waker.
    @JCStressTest
    @Outcome(id = {"true, false", "true, true", "false, true"}, expect = ACCEPTABLE,
            desc = "the poll sees the grant, or its waker is woken, or both")
    @Outcome(expect = FORBIDDEN, desc = "only the waker of an earlier poll is woken")
    @Twin(fault = "the waker is stored outside of the monitor", of = "sync.Mutex",
            real = "public boolean poll(Waker waker) { synchronized (Mutex.this) {",
            broken = "public boolean poll(Waker waker) { boolean waiting; synchronized (Mutex.this) { waiting = state == State.WAITING; }"
                    + " if (waiting) { this.waker = waker; return false; } synchronized (Mutex.this) {")
    @State
    public static class UnlockAndPoll extends Base {

        private final Mutex<Integer>.Guard guard = guard();
        private boolean woken;

        public UnlockAndPoll() {
            lock.poll(() -> { });
        }

        @Actor
        public void holder() {
            guard.close();
        }

        @Actor
        public void other(ZZ_Result r) {
            r.r1 = lock.poll(() -> woken = true);
        }

        @Arbiter
        public void later(ZZ_Result r) {
            r.r2 = woken;
        }
    }

    /// The holder unlocks while the waiter is cancelled.
    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "the mutex is free")
    @Outcome(id = "false", expect = FORBIDDEN, desc = "the mutex stays locked without a holder")
    @Twin(fault = "the state is read outside of the monitor", of = "sync.Mutex",
            real = "synchronized (Mutex.this) { before = state;",
            broken = "before = state; synchronized (Mutex.this) {")
    @State
    public static class UnlockAndCancel extends Base {

        private final Mutex<Integer>.Guard guard = guard();

        public UnlockAndCancel() {
            lock.poll(() -> { });
        }

        @Actor
        public void holder() {
            guard.close();
        }

        @Actor
        public void other() {
            lock.cancel();
        }

        @Arbiter
        public void later(Z_Result r) {
            r.r1 = mutex.lock().poll(() -> { });
        }
    }
}

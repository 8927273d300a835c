package io.trale.task;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/// Straight-line code that the loop runs in pieces, from one suspension to the next.
///
/// There are two kinds, which only this file distinguishes:
///
/// - *Fast*: a virtual thread whose scheduler is the loop. A piece runs on the loop thread. If the body blocks, for example on
///   a lock, its thread is parked and the loop continues. JDK 25 has no public way to set the scheduler of a virtual thread;
///   the constructor for it is accessible with `--add-opens java.base/java.lang=io.trale.core` (`=ALL-UNNAMED` on the class
///   path).
/// - *Slow*, without that flag: an ordinary virtual thread, which runs only while the loop thread waits for it. A suspension
///   costs two thread switches. If the body blocks, the loop blocks.
abstract class Coroutine {

    private static final MethodHandle BUILDER = builder();
    private static final Executor DEFAULT_SCHEDULER = defaultScheduler();

    private static MethodHandle builder() {
        try {
            Class<?> builder = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder");
            return MethodHandles.privateLookupIn(builder, MethodHandles.lookup())
                    .findConstructor(builder, MethodType.methodType(void.class, Executor.class))
                    .asType(MethodType.methodType(Thread.Builder.OfVirtual.class, Executor.class));
        } catch (ReflectiveOperationException e) {
            return null;
        }
    }

    private static Executor defaultScheduler() {
        try {
            Class<?> thread = Class.forName("java.lang.VirtualThread");
            return (Executor) MethodHandles.privateLookupIn(thread, MethodHandles.lookup())
                    .findStatic(thread, "defaultScheduler", MethodType.methodType(Executor.class)).invoke();
        } catch (Throwable t) {
            return null;
        }
    }

    /// True if coroutines are of the fast kind.
    static boolean isFast() {
        return BUILDER != null && DEFAULT_SCHEDULER != null;
    }

    /// The code of a coroutine.
    interface Body extends Runnable {

        /// Called when the code can continue after it was parked by something else than [Coroutine#suspend]. Any thread.
        void wake();
    }

    /// A coroutine that will run `body`.
    static Coroutine of(Body body, boolean fast) {
        return fast ? new Fast(body) : new Slow(body);
    }

    /// The thread that the body sees as the current one.
    abstract Thread thread();

    /// Runs the body until it suspends itself, is parked, or ends. No effect if it is parked by something else than [#suspend]. If
    /// `proceed`, it begins or returns from [#suspend]. Loop thread.
    abstract void resume(boolean proceed);

    /// Makes [#resume] return. Called by the body, on its own thread. Returns when the body may proceed, or spuriously.
    abstract void suspend();

    /// Leaves the rest of the body to the JDK's own scheduler: the loop does not resume it any more. Loop thread, between two
    /// pieces.
    abstract void leave();

    private static final class Fast extends Coroutine implements Executor {

        private static final VarHandle CONTINUATION;

        static {
            try {
                CONTINUATION = MethodHandles.lookup().findVarHandle(Fast.class, "continuation", Runnable.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final Body body;
        private final Thread thread;
        /// Runs the next piece, if the thread is not parked; else null.
        private volatile Runnable continuation;
        /// The task that the JDK submits for this thread, always the same.
        private Runnable own;
        private boolean started;
        /// The rest of the body was left to the JDK's scheduler.
        private volatile boolean left;
        /// The thread inside [#resume]. Another thread may read an old value, but never itself.
        private Thread resumer;

        Fast(Body body) {
            this.body = body;
            try {
                thread = ((Thread.Builder.OfVirtual) BUILDER.invokeExact((Executor) this))
                        .inheritInheritableThreadLocals(false).unstarted(body);
            } catch (Throwable t) {
                throw new AssertionError("a virtual thread's builder", t);
            }
        }

        @Override
        Thread thread() {
            return thread;
        }

        /// Called by the JDK when the thread can continue, on the thread that unparked it or inside [#resume]. Virtual threads that
        /// the body starts inherit this scheduler; they are passed on to the JDK's own.
        @Override
        public void execute(Runnable continuation) {
            if (own == null) {
                own = continuation;
            }
            if (continuation != own) {
                DEFAULT_SCHEDULER.execute(continuation);
                return;
            }
            this.continuation = continuation;
            if (left) {
                runElsewhere();
            } else if (Thread.currentThread() != resumer) {
                body.wake();
            }
        }

        @Override
        void resume(boolean proceed) {
            resumer = Thread.currentThread();
            if (!started) {
                started = true;
                thread.start();
            } else if (proceed) {
                LockSupport.unpark(thread);
            }
            Runnable next = (Runnable) CONTINUATION.getAndSet(this, null);
            if (next != null) {
                next.run();
            }
            resumer = null;
            if (continuation != null) {
                body.wake(); // it has yielded: other tasks run first
            }
        }

        @Override
        void suspend() {
            LockSupport.park();
        }

        @Override
        void leave() {
            left = true;
            runElsewhere();
        }

        /// Called by the thread that sets the continuation and by [#leave]; exactly one of them finds it.
        private void runElsewhere() {
            Runnable next = (Runnable) CONTINUATION.getAndSet(this, null);
            if (next != null) {
                DEFAULT_SCHEDULER.execute(next);
            }
        }
    }

    private static final class Slow extends Coroutine {

        private final Thread thread;
        private Thread loop;
        /// True while the body may run, false while the loop may.
        private volatile boolean running;
        private boolean started;

        Slow(Runnable body) {
            thread = Thread.ofVirtual().inheritInheritableThreadLocals(false).unstarted(() -> {
                try {
                    body.run();
                } finally {
                    running = false;
                    LockSupport.unpark(loop);
                }
            });
        }

        @Override
        Thread thread() {
            return thread;
        }

        @Override
        void resume(boolean proceed) {
            loop = Thread.currentThread();
            running = true;
            if (started) {
                LockSupport.unpark(thread);
            } else {
                started = true;
                thread.start();
            }
            while (running) {
                LockSupport.park(this);
            }
        }

        @Override
        void suspend() {
            Thread loop = this.loop;
            running = false;
            LockSupport.unpark(loop);
            while (!running) {
                LockSupport.park(this);
            }
        }

        @Override
        void leave() {} // it runs there anyway
    }
}

package io.trale.task;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/// Straight-line code that the loop can run in pieces: from one suspension to the next.
///
/// There are two kinds, and this file is the only one that knows. *Fast*: a virtual thread whose scheduler is the loop
/// itself, so a piece runs on the loop's own thread, and a block that sleeps or waits for a lock is parked while the loop
/// goes on. JDK 25 has no public way to give a virtual thread a scheduler; the constructor that does it is reached with
/// `--add-opens java.base/java.lang=io.trale.core` (or `=ALL-UNNAMED` on the class path). *Slow*, without that flag: an
/// ordinary virtual thread, in strict alternation with the loop's, at the price of two thread switches a suspension;
/// a block that blocks then blocks the loop.
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

    /// True if blocks are of the fast kind.
    static boolean isFast() {
        return BUILDER != null && DEFAULT_SCHEDULER != null;
    }

    /// What a coroutine runs.
    interface Body extends Runnable {

        /// The code can go on after having been parked by something else than [Coroutine#suspend]. Any thread.
        void wake();
    }

    /// A coroutine that will run `body`.
    static Coroutine of(Body body, boolean fast) {
        return fast ? new Fast(body) : new Slow(body);
    }

    /// The thread that the body sees as the current one.
    abstract Thread thread();

    /// Runs the body until it suspends itself, is parked, or ends; nothing happens if it is parked by something else than
    /// [#suspend]. `proceed`: let it return from [#suspend], or begin. Loop thread.
    abstract void resume(boolean proceed);

    /// Lets [#resume] return. Called by the body, on its own thread; returns when it is to proceed, or for no reason.
    abstract void suspend();

    /// The loop does not resume the body any more: what is left of it runs wherever the JDK runs virtual threads. Loop thread,
    /// between two pieces.
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
        /// What runs the next piece, as the JDK hands it over; null while the thread is parked.
        private volatile Runnable continuation;
        /// What the JDK hands over for this thread, each time.
        private Runnable own;
        private boolean started;
        /// The loop has left the thread to the JDK.
        private volatile boolean left;
        /// The thread inside [#resume]; others may see an old value, but never themselves.
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

        /// The thread can go on. Called by the JDK, on whatever thread has unparked it, and first of all in [#resume]. Virtual
        /// threads that the body starts, or the JDK for it, inherit this scheduler; but their life is not the block's.
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
            Thread outer = resumer;
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
            resumer = outer;
            if (continuation != null) {
                body.wake(); // it only yielded: others first
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

        /// Of two threads that call this one finds the continuation: the one that has set it, or the one that has left.
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
        /// Whose turn it is.
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
        void leave() {} // it runs there already
    }
}

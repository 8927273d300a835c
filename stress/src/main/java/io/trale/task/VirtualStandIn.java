package io.trale.task;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/// What Fray runs in place of a virtual thread with a scheduler: a platform thread that runs only inside the continuation that
/// it gives to the scheduler. It calls the scheduler when a virtual thread does: at its start, and when it can continue after
/// a park, on the thread that unparks it or, if that was before, at the end of the continuation.
final class VirtualStandIn extends Thread {

    private enum State { RUNNING, PARKED, UNPARKED }

    private final Executor scheduler;
    private final Runnable continuation = this::mount;
    private final AtomicReference<State> state = new AtomicReference<>(State.UNPARKED);
    private final AtomicBoolean permit = new AtomicBoolean();
    /// Inside the continuation, the thread that runs it.
    private volatile Thread carrier;
    private volatile boolean ended;

    VirtualStandIn(Executor scheduler, Runnable body) {
        super(body);
        this.scheduler = scheduler;
    }

    /// As `LockSupport.park()`, on such a thread.
    static void park() {
        VirtualStandIn thread = (VirtualStandIn) currentThread();
        if (!thread.permit.getAndSet(false)) {
            thread.unmount();
            thread.awaitMount();
        }
    }

    /// As `LockSupport.unpark(thread)`.
    static void unpark(Thread thread) {
        VirtualStandIn parked = (VirtualStandIn) thread;
        if (!parked.permit.getAndSet(true)) {
            parked.schedule();
        }
    }

    private void schedule() {
        if (state.compareAndSet(State.PARKED, State.UNPARKED)) {
            scheduler.execute(continuation);
        }
    }

    @Override
    public void start() {
        super.start();
        scheduler.execute(continuation);
    }

    @Override
    public void run() {
        awaitMount();
        super.run();
        ended = true;
        unmount();
    }

    /// The continuation: returns when the body has parked or ended.
    private void mount() {
        if (!state.compareAndSet(State.UNPARKED, State.RUNNING)) {
            throw new AssertionError("continued twice");
        }
        permit.set(false);
        carrier = currentThread();
        LockSupport.unpark(this);
        while (carrier != null) {
            LockSupport.park();
        }
        if (!ended) {
            state.set(State.PARKED);
            if (permit.get()) {
                schedule();
            }
        }
    }

    private void awaitMount() {
        while (carrier == null) {
            LockSupport.park();
        }
    }

    private void unmount() {
        Thread before = carrier;
        carrier = null;
        LockSupport.unpark(before);
    }
}

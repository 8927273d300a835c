package io.trale.sim;

import java.util.ArrayDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/// A foreign thread beside the loop thread. Only one of the two runs at a time.
///
/// It takes its steps in order, each while the loop thread is inside a call. A step may be suspended in a call of its own,
/// like a preempted thread, and continues some calls of the loop later.
final class SimThread {

    private static final ExecutorService THREAD = Executors.newSingleThreadExecutor(
            body -> Thread.ofPlatform().name("foreign").daemon().unstarted(body));

    private static final double CHANCE = 0.3;

    private final SimWorld world;
    private final ArrayDeque<Runnable> steps = new ArrayDeque<>();
    private final Semaphore loopsTurn = new Semaphore(0);
    private final Semaphore ourTurn = new Semaphore(0);

    private boolean running;
    private boolean underWay;
    private boolean ending;
    private Throwable failure;

    SimThread(SimWorld world) {
        this.world = world;
    }

    // ---- on the loop thread

    void add(Runnable step) {
        steps.add(step);
    }

    /// True if no step waits or is suspended.
    boolean isEmpty() {
        return steps.isEmpty() && !underWay;
    }

    /// True while this thread runs, and the loop thread waits.
    boolean isRunning() {
        return running;
    }

    /// Runs this thread at random. Returns true if it has run.
    boolean proceedMaybe() {
        return !running && !isEmpty() && world.dice.chance(CHANCE) && proceed();
    }

    /// Runs the suspended or the next step until it ends or is suspended. Returns false if there is none.
    boolean proceed() {
        if (!underWay) {
            Runnable step = steps.poll();
            if (step == null) {
                return false;
            }
            begin(step);
        } else {
            giveTurn(ourTurn::release);
        }
        return true;
    }

    /// Runs `step` before the steps that wait, but after a suspended one.
    void take(Runnable step) {
        if (running) {
            step.run();
            return;
        }
        finish();
        begin(step);
    }

    /// Runs the suspended step to its end. Returns false if there was none.
    boolean finish() {
        if (!underWay) {
            return false;
        }
        while (underWay) {
            proceed();
        }
        return true;
    }

    /// The run is over: runs the suspended step to its end, and discards the steps that wait.
    void end() {
        ending = true;
        steps.clear();
        finish();
    }

    private void begin(Runnable step) {
        underWay = true;
        giveTurn(() -> THREAD.execute(() -> {
            try {
                step.run();
            } catch (Throwable t) {
                failure = t;
            } finally {
                underWay = false;
                loopsTurn.release();
            }
        }));
    }

    private void giveTurn(Runnable handOver) {
        world.trace("foreign", 0, 0, 0);
        running = true;
        handOver.run();
        if (Thread.currentThread().isVirtual()) { // an async block: if it parked, the loop would continue
            while (!loopsTurn.tryAcquire()) {
                Thread.onSpinWait();
            }
        } else {
            loopsTurn.acquireUninterruptibly();
        }
        running = false;
        Throwable thrown = failure;
        failure = null;
        if (thrown != null && !ending) {
            AssertionError error = world.failed("a step on a foreign thread failed: " + thrown);
            error.initCause(thrown);
            throw error;
        }
    }

    // ---- on this thread

    /// Suspends the step at random.
    void pauseMaybe() {
        if (!ending && world.dice.chance(CHANCE)) {
            loopsTurn.release();
            ourTurn.acquireUninterruptibly();
        }
    }
}

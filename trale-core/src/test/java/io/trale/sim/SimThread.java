package io.trale.sim;

import java.util.ArrayDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/// Another thread than the loop's, in strict hand-over: while one runs, the other waits.
///
/// It takes its steps in order, each while the loop's thread is inside a call. A step may lose its turn in the middle of
/// a call of its own, as a thread does that has to leave its processor, and goes on some calls of the loop later.
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

    // ---- on the loop's thread

    void add(Runnable step) {
        steps.add(step);
    }

    /// True if no step waits for its turn, whole or in part.
    boolean isEmpty() {
        return steps.isEmpty() && !underWay;
    }

    /// True while it has the turn.
    boolean isRunning() {
        return running;
    }

    /// Gives it the turn, perhaps. Returns true if it has had it.
    boolean proceedMaybe() {
        return !running && !isEmpty() && world.dice.chance(CHANCE) && proceed();
    }

    /// Gives it the turn, for the next step or for what is left of the one under way, until that ends or has to wait.
    /// Returns false if there is none.
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

    /// Takes `step` before those that were added, but after what is under way.
    void take(Runnable step) {
        if (running) {
            step.run();
            return;
        }
        finish();
        begin(step);
    }

    /// Sees the step under way through to its end. Returns false if there was none.
    boolean finish() {
        if (!underWay) {
            return false;
        }
        while (underWay) {
            proceed();
        }
        return true;
    }

    /// The run is over: the step under way ends, without a pause, and those that wait do not begin.
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
        if (Thread.currentThread().isVirtual()) { // an async block: the loop would go on if it were parked
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

    // ---- on its own

    /// Loses the turn, perhaps.
    void pauseMaybe() {
        if (!ending && world.dice.chance(CHANCE)) {
            loopsTurn.release();
            ourTurn.acquireUninterruptibly();
        }
    }
}

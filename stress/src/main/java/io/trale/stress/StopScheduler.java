package io.trale.stress;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pastalab.fray.core.ThreadContext;
import org.pastalab.fray.core.randomness.Randomness;
import org.pastalab.fray.core.scheduler.Scheduler;

/// Lets the thread with the highest priority make the next step. At first, the order of the threads is random. After a random
/// number of its steps, a thread gets the lowest priority: it stops until all others wait.
///
/// This finds faults that need one thread to stop at a certain step while the others do much. It is the algorithm PCT, but
/// counts the steps of each thread, since threads are short and schedules are not.
final class StopScheduler extends Scheduler {

    private final class Turn {

        private double priority = getRand().nextDouble();
        private int left = steps();

        /// From 1 to 512: the longer, the less probable.
        private int steps() {
            return 1 + getRand().nextInt() % (4 << getRand().nextInt() % 8);
        }

        private void step() {
            if (--left == 0) {
                priority = --lowest;
                left = steps();
            }
        }
    }

    private final Map<ThreadContext, Turn> turns = new HashMap<>();
    private double lowest;

    StopScheduler(Randomness random) {
        super(random);
    }

    @Override
    public ThreadContext scheduleNextOperation(List<ThreadContext> threads, Collection<ThreadContext> all) {
        if (threads.size() == 1) {
            return threads.getFirst();
        }
        ThreadContext next = null;
        Turn first = null;
        for (ThreadContext thread : threads) {
            Turn turn = turns.computeIfAbsent(thread, added -> new Turn());
            if (first == null || turn.priority > first.priority) {
                next = thread;
                first = turn;
            }
        }
        first.step();
        return next;
    }

    @Override
    public Scheduler nextIteration(Randomness random) {
        return new StopScheduler(random);
    }
}

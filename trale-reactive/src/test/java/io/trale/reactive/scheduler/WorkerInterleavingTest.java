package io.trale.reactive.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.loop.Loop;
import io.trale.sim.SimKernel;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.testing.SettableFuture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.Scannable.Attr;
import reactor.core.scheduler.Scheduler;

/// What a scheduler does on two threads at once, without threads: all that the second thread does happens inside a step of the
/// first, in another run inside the next step, and so on to the last. The steps are the calls on the sets of tasks, where a
/// task and the end of its worker meet.
@Timeout(60)
class WorkerInterleavingTest {

    /// What a thread does with a scheduler that has one task already.
    enum Act {
        SCHEDULE(run -> run.schedule(run.worker, 0)),
        SCHEDULE_LATER(run -> run.schedule(run.worker, 1)),
        SCHEDULE_ON_THE_ROOT(run -> run.schedule(run.scheduler.root, 0)),
        DISPOSE_THE_TASK(run -> run.first.dispose()),
        DISPOSE_THE_WORKER(run -> run.worker.dispose()),
        DISPOSE(run -> run.scheduler.dispose()),
        DISPOSE_GRACEFULLY(Run::disposeGracefully),
        TURN(Run::turn);

        private final Consumer<Run> code;

        Act(Consumer<Run> code) {
            this.code = code;
        }
    }

    /// A turn within a turn makes no sense, so no act meets itself.
    static List<Arguments> pairs() {
        return Arrays.stream(Act.values()).flatMap(first -> Arrays.stream(Act.values())
                .filter(second -> first != second).map(second -> Arguments.of(first, second))).toList();
    }

    /// One run: `second` happens inside step `target` of the first act.
    private static final class Run {

        private final Act second;
        private final int target;
        private int step;
        private boolean switched;

        private final SimKernel kernel = new SimKernel(0);
        private final Executor executor = Executor.open(kernel, ExecutorOptions.defaults());
        private final TraleScheduler scheduler = new TraleScheduler(new Loop("test", executor));
        private final TraleWorker worker = (TraleWorker) scheduler.createWorker();
        private int accepted;
        private int ran;
        private boolean ended;
        private int ranByTheEnd;
        private final Disposable first;
        private final Set<Disposable> scheduled = new LinkedHashSet<>();

        Run(Act second, int target) {
            this.second = second;
            this.target = target;
            executor.submit(new SettableFuture()); // keeps the ring open between turns
            first = worker.schedule(() -> ran++);
            accepted = 1;
            scheduled.add(first);
            scheduler.root.tasks = new Switching(scheduler.root.tasks);
            worker.tasks = new Switching(worker.tasks);
        }

        void schedule(Scheduler.Worker worker, long delayNanos) {
            try {
                Runnable task = () -> ran++;
                scheduled.add(delayNanos == 0 ? worker.schedule(task) : worker.schedule(task, delayNanos, TimeUnit.NANOSECONDS));
                accepted++;
            } catch (RejectedExecutionException e) {
                // disposed
            }
        }

        void disposeGracefully() {
            scheduler.disposeGracefully().subscribe(null, null, () -> {
                ranByTheEnd = ended ? ranByTheEnd : ran;
                ended = true;
            });
        }

        void turn() {
            kernel.elapse(1000); // a delay is over
            try {
                executor.turn();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /// Returns false if the first act has no step `target`, so that the second came after it.
        boolean isInside(Act act) {
            act.code.accept(this);
            if (switched) {
                return true;
            }
            step = target + 1;
            second.code.accept(this);
            return false;
        }

        private void step() {
            if (step++ == target) {
                switched = true;
                second.code.accept(this);
            }
        }

        /// A set in each of whose calls another thread may run, before and after.
        private final class Switching extends AbstractSet<ScheduledTask> {

            private final Set<ScheduledTask> tasks;

            Switching(Set<ScheduledTask> tasks) {
                this.tasks = tasks;
            }

            @Override
            public boolean add(ScheduledTask task) {
                step();
                boolean added = tasks.add(task);
                step();
                return added;
            }

            @Override
            public boolean remove(Object task) {
                step();
                boolean removed = tasks.remove(task);
                step();
                return removed;
            }

            @Override
            public Iterator<ScheduledTask> iterator() {
                step();
                Iterator<ScheduledTask> iterator = tasks.iterator();
                step();
                return iterator;
            }

            @Override
            public int size() {
                return tasks.size();
            }

            @Override
            public boolean isEmpty() {
                step();
                boolean empty = tasks.isEmpty();
                step();
                return empty;
            }
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void noTaskIsLostAndTheEndComesOnce(Act first, Act second) {
        int target = 0;
        while (run(first, second, target)) {
            target++;
        }
    }

    /// Returns false if the first act has fewer steps.
    private static boolean run(Act first, Act second, int target) {
        Run run = new Run(second, target);
        try {
            boolean inside = run.isInside(first);
            run.disposeGracefully();
            for (int i = 0; i < 10; i++) {
                run.turn();
            }
            String where = first + ", and " + second + " in step " + target;
            assertThat(run.ended).as("ended: " + where).isTrue();
            assertThat(run.ran).as("ran by the end: " + where).isEqualTo(run.ranByTheEnd);
            assertThat(run.scheduled).as("over: " + where).allMatch(Disposable::isDisposed);
            assertThat(run.scheduler.root.scanUnsafe(Attr.BUFFERED)).as("kept: " + where).isEqualTo(0);
            assertThat(run.worker.scanUnsafe(Attr.BUFFERED)).as("kept by the worker: " + where).isEqualTo(0);
            assertThat(run.accepted).as("accepted: " + where).isGreaterThanOrEqualTo(run.ran);
            return inside;
        } finally {
            run.executor.close();
        }
    }
}

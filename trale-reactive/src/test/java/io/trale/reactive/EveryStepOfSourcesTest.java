package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.reactive.SimSources.Event;
import io.trale.reactive.SimSources.Kind;
import io.trale.reactive.SimSources.TestedSource;
import io.trale.reactive.testing.RuleCheckingSubscriber;
import io.trale.reactive.testing.SimTrale;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.ExecutorOptions;
import io.trale.testing.SettableFuture;
import java.nio.channels.ClosedChannelException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// As [EveryStepTest], with every source but connections: repeats one run, and in each run an event occurs one system call
/// later than in the previous run.
@Timeout(120)
class EveryStepOfSourcesTest {

    private static final int SEED = 7;
    /// Data that arrives after a cancel.
    private static final Faults FAULTS = Faults.NONE.with(Fault.LOST_CANCEL, 1).with(Fault.LATE, 0.5);

    private static Stream<Arguments> kindsAndEvents() {
        return Stream.of(Kind.values()).flatMap(kind -> kind.events().map(event -> Arguments.of(kind, event)));
    }

    /// One run, with one subscriber after the other. Each requests one element at a time, on another thread.
    private static final class Run {

        private final SimKernel kernel = new SimKernel(SEED).strict().faults(FAULTS);
        private TestedSource tested;
        private SettableFuture done;
        private SourceSubscriber current;
        private boolean ended;
        private Throwable failure;
        private long callsBefore;

        private final class SourceSubscriber extends RuleCheckingSubscriber<Object> {

            SourceSubscriber() {
                super(tested.breaches);
            }

            @Override
            protected void start() {
                kernel.foreign(this::ask);
            }

            void ask() {
                if (!isOver()) {
                    request(1);
                }
            }

            @Override
            protected void element(Object element) {
                tested.count += tested.count(element);
                if (tested.count == SimSources.TOTAL && !tested.ends()) {
                    cancel();
                    over(null);
                } else {
                    kernel.foreign(this::ask);
                }
            }

            @Override
            protected void end(Throwable failure) {
                over(failure);
            }
        }

        private void subscribeNext() {
            current = new SourceSubscriber();
            tested.source().subscribe(current);
        }

        private void over(Throwable failure) {
            ended = true;
            this.failure = failure;
            done.set();
        }

        void begin(Trale trale, SettableFuture done, TestedSource tested, Event event, long step) {
            this.tested = tested;
            this.done = done;
            callsBefore = kernel.calls();
            subscribeNext();
            kernel.foreignInCall(step, () -> happen(trale, event));
        }

        private void happen(Trale trale, Event event) {
            switch (event) {
                case NOTHING -> { }
                case REQUEST -> current.ask();
                case CANCEL -> {
                    if (!current.isOver()) {
                        current.cancel();
                        Runnable next = tested.resumesAfterCancel() ? this::subscribeNext : () -> over(null);
                        kernel.foreignAfter(1_000_000, () -> trale.loop.execute(next)); // data arrives meanwhile
                    }
                }
                case END -> tested.end();
                case FAIL -> tested.fail();
                case CLOSE -> tested.close();
                case CLOSE_THE_LOOP -> trale.loop.execute(trale::close);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kindsAndEvents")
    void anEventAtAnyStepLosesNothingAndEndsOnce(Kind kind, Event event) throws Exception {
        long steps = run(kind, Event.NOTHING, 1);
        assertThat(steps).isGreaterThan(10);
        for (long step = 1; step <= steps; step++) {
            run(kind, event, step);
        }
    }

    /// Returns the number of system calls after the source was opened.
    private static long run(Kind kind, Event event, long step) throws Exception {
        Run run = new Run();
        SimTrale.run(run.kernel, ExecutorOptions.defaults(), (trale, done) ->
                kind.open(run.kernel, trale).subscribe(tested -> run.begin(trale, done, tested, event, step)));
        String when = event + " at step " + step;
        assertThat(run.tested.breaches).as(when).isEmpty();
        assertThat(run.ended).as("%s: an end", when).isTrue();
        boolean all = run.tested.count == SimSources.TOTAL;
        boolean well = run.failure == null;
        switch (event) {
            case NOTHING, REQUEST -> assertThat(all && well).as(when).isTrue();
            case CANCEL -> assertThat((all || kind == Kind.PIPE) && well).as(when).isTrue();
            case END -> assertThat(well).as(when).isTrue();
            case FAIL -> assertThat(all && well || run.failure instanceof ErrnoException).as(when).isTrue();
            case CLOSE, CLOSE_THE_LOOP -> {
                boolean hasAnEnd = kind == Kind.FILE || kind == Kind.PIPE;
                assertThat(well || hasAnEnd && run.failure instanceof ClosedChannelException).as(when).isTrue();
            }
        }
        return run.kernel.calls() - run.callsBefore;
    }
}

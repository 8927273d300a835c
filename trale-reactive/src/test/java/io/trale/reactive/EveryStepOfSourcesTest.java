package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.reactive.SimSources.Event;
import io.trale.reactive.SimSources.Kind;
import io.trale.reactive.SimSources.Scene;
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

/// As [EveryStepTest], with every source that is no connection: the same run again and again, and in each something happens
/// one system call later than in the one before.
@Timeout(120)
class EveryStepOfSourcesTest {

    private static final int SEED = 7;
    /// So that something comes for those who have cancelled.
    private static final Faults FAULTS = Faults.NONE.with(Fault.LOST_CANCEL, 1).with(Fault.LATE, 0.5);

    private static Stream<Arguments> kindsAndEvents() {
        return Stream.of(Kind.values()).flatMap(kind -> kind.events().map(event -> Arguments.of(kind, event)));
    }

    /// One run, with one subscriber after the other, who ask for one element at a time, from another thread.
    private static final class Run {

        private final SimKernel kernel = new SimKernel(SEED).strict().faults(FAULTS);
        private Scene scene;
        private SettableFuture done;
        private Listening listening;
        private boolean ended;
        private Throwable failure;
        private long callsBefore;

        private final class Listening extends RuleCheckingSubscriber<Object> {

            Listening() {
                super(scene.breaches);
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
                scene.count += scene.count(element);
                if (scene.count == SimSources.TOTAL && !scene.ends()) {
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

        private void listen() {
            listening = new Listening();
            scene.source().subscribe(listening);
        }

        private void over(Throwable failure) {
            ended = true;
            this.failure = failure;
            done.set();
        }

        void begin(Trale trale, SettableFuture done, Scene scene, Event event, long step) {
            this.scene = scene;
            this.done = done;
            callsBefore = kernel.calls();
            listen();
            kernel.foreignInCall(step, () -> happen(trale, event));
        }

        private void happen(Trale trale, Event event) {
            switch (event) {
                case NOTHING -> { }
                case REQUEST -> listening.ask();
                case CANCEL -> {
                    if (!listening.isOver()) {
                        listening.cancel();
                        Runnable next = scene.goesOn() ? this::listen : () -> over(null);
                        kernel.foreignAfter(1_000_000, () -> trale.loop.execute(next)); // something comes meanwhile
                    }
                }
                case END -> scene.end();
                case FAIL -> scene.fail();
                case CLOSE -> scene.close();
                case CLOSE_THE_LOOP -> trale.loop.execute(trale::close);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kindsAndEvents")
    void nothingIsLostAndTheEndIsToldOnceWhateverHappensWhen(Kind kind, Event event) throws Exception {
        long steps = run(kind, Event.NOTHING, 1);
        assertThat(steps).isGreaterThan(10);
        for (long step = 1; step <= steps; step++) {
            run(kind, event, step);
        }
    }

    /// Returns how many calls there were after the source was opened.
    private static long run(Kind kind, Event event, long step) throws Exception {
        Run run = new Run();
        SimTrale.run(run.kernel, ExecutorOptions.defaults(), (trale, done) ->
                kind.open(run.kernel, trale).subscribe(scene -> run.begin(trale, done, scene, event, step)));
        String when = event + " at step " + step;
        assertThat(run.scene.breaches).as(when).isEmpty();
        assertThat(run.ended).as("%s: an end", when).isTrue();
        boolean all = run.scene.count == SimSources.TOTAL;
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

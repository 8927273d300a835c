package io.trale.stress;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.buffer.LeaseStress;
import io.trale.reactive.loop.LoopSubscriptionStress;
import io.trale.reactive.send.SendingStress;
import io.trale.reactive.scheduler.TraleWorkerStress;
import io.trale.reactor.NotifierStress;
import io.trale.sync.EventFdStress;
import io.trale.sync.MutexStress;
import io.trale.task.InboxStress;
import io.trale.task.TaskStress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.TestResult;

/// Runs every race on the real classes, which must show no forbidden outcome, and on their broken twins, which must show
/// one. A test that does not detect its twin would not detect the same fault in the real class.
class StressTest {

    static final List<Class<?>> RACES = Stream.of(InboxStress.class, NotifierStress.class, TaskStress.class,
            EventFdStress.class, MutexStress.class, LoopSubscriptionStress.class, LeaseStress.class,
            TraleWorkerStress.class, SendingStress.class)
            .flatMap(outer -> Arrays.<Class<?>>stream(outer.getDeclaredClasses()))
            .filter(type -> type.isAnnotationPresent(JCStressTest.class))
            .toList();

    /// The maximum number of runs of a twin. Some race windows are narrow, and the machine may be busy.
    private static final int TRIES = 5;

    private static Jcstress jcstress;

    @BeforeAll
    static void start() throws IOException {
        jcstress = new Jcstress();
    }

    @ParameterizedTest
    @FieldSource("RACES")
    void theRealClassShowsNothingForbidden(Class<?> race) throws IOException {
        TestResult result = jcstress.run(race);
        report(race, "real", result);
        assertThat(result.status()).as(() -> String.join("\n", result.getMessages())).isEqualTo(Status.NORMAL);
        assertThat(forbidden(result)).isZero();
    }

    static Stream<Arguments> twins() {
        return RACES.stream().flatMap(race -> Arrays.stream(race.getAnnotationsByType(Twin.class))
                .map(twin -> Arguments.of(race, twin)));
    }

    @ParameterizedTest
    @MethodSource("twins")
    void theBrokenTwinIsCaught(Class<?> race, Twin twin, @TempDir Path classes) throws IOException {
        Change.compile(classes, List.of(Change.of(twin)));
        long caught = 0;
        for (int left = TRIES; caught == 0 && left > 0; left--) {
            TestResult result = jcstress.run(race, classes);
            report(race, twin.fault(), result);
            caught = forbidden(result);
        }
        assertThat(caught).isPositive();
    }

    @ParameterizedTest
    @FieldSource("RACES")
    void eachHasATwin(Class<?> race) {
        assertThat(race.getAnnotationsByType(Twin.class)).isNotEmpty();
    }

    /// The number of forbidden outcomes.
    private static long forbidden(TestResult result) {
        return result.grading().gradingResults.values().stream()
                .filter(outcome -> outcome.expect == Expect.FORBIDDEN)
                .mapToLong(outcome -> outcome.count).sum();
    }

    private static void report(Class<?> race, String which, TestResult result) {
        System.out.println(race.getEnclosingClass().getSimpleName() + "." + race.getSimpleName() + ", " + which + ": "
                + result.grading().gradingResults.values().stream()
                        .filter(outcome -> outcome.count > 0)
                        .map(outcome -> outcome.expect + " (" + outcome.id + ") " + outcome.count)
                        .collect(Collectors.joining("; ")));
    }
}

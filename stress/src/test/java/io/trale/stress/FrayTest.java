package io.trale.stress;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.ReactiveSchedules;
import io.trale.reactor.NotifierSchedules;
import io.trale.stress.Fray.Order;
import io.trale.stress.Fray.Result;
import io.trale.task.ExecutorSchedules;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs the real code under as many schedules as the time allows, and the broken twins until a check fails.
///
/// Fray switches threads at monitors, volatile fields and most atomic operations. Its memory is always consistent; jcstress
/// covers faults that depend on the order of plain reads and writes.
class FrayTest {

    static final List<Class<?>> SCHEDULES = Stream.of(ExecutorSchedules.class, NotifierSchedules.class, ReactiveSchedules.class)
            .flatMap(outer -> Arrays.<Class<?>>stream(outer.getDeclaredClasses()))
            .filter(Schedule.class::isAssignableFrom)
            .toList();

    private static final int SECONDS = Integer.getInteger("trale.fray.seconds", 5);
    /// The maximum time for a twin with each algorithm.
    private static final int TWIN_SECONDS = 60;

    private static Fray fray;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        fray = new Fray(Path.of("target", "fray").toAbsolutePath());
    }

    static Stream<Arguments> schedules() {
        return SCHEDULES.stream().flatMap(schedule -> Stream.of(Order.values()).map(order -> Arguments.of(schedule, order)));
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void theRealCodeHoldsUnderEverySchedule(Class<?> schedule, Order order) throws Exception {
        Result result = fray.run(schedule, order, SECONDS, null);
        report(schedule, "real, " + order, result);
        assertThat(result.failure()).isNull();
    }

    static Stream<Arguments> twins() {
        return SCHEDULES.stream().flatMap(schedule -> Arrays.stream(schedule.getDeclaredAnnotationsByType(Twin.class))
                .map(twin -> Arguments.of(schedule, twin)));
    }

    @ParameterizedTest
    @MethodSource("twins")
    void theBrokenTwinIsCaught(Class<?> schedule, Twin twin, @TempDir Path classes) throws Exception {
        BrokenTwin.compile(twin, classes);
        Result result = fray.run(schedule, Order.RANDOM, TWIN_SECONDS, classes);
        if (result.failure() == null) {
            result = fray.run(schedule, Order.POS, TWIN_SECONDS, classes);
        }
        report(schedule, twin.fault(), result);
        assertThat(result.failure()).isNotNull();
    }

    @ParameterizedTest
    @FieldSource("SCHEDULES")
    void eachHasATwin(Class<?> schedule) {
        assertThat(schedule.getDeclaredAnnotationsByType(Twin.class)).isNotEmpty();
    }

    private static void report(Class<?> schedule, String which, Result result) {
        System.out.println(schedule.getSimpleName() + ", " + which + ": " + result.summary() + ", "
                + (result.failure() == null ? "no failure" : result.failure().lines().findFirst().orElseThrow()));
    }
}

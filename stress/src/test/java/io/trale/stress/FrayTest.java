package io.trale.stress;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.ReactiveSchedules;
import io.trale.stress.Fray.Result;
import io.trale.task.BlockSchedules;
import io.trale.task.ExecutorSchedules;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs the real code under a number of schedules, and each broken twin until a check fails.
///
/// Fray switches threads at monitors, volatile fields and most atomic operations. Its memory is always consistent; jcstress
/// covers faults that depend on the order of plain reads and writes.
@Execution(ExecutionMode.CONCURRENT)
class FrayTest {

    /// The name of the only scenario to run; empty for all.
    private static final String ONLY = System.getProperty("trale.fray.only", "");
    private static final int COUNT = Integer.getInteger("trale.fray.schedules", 500);
    private static final long SEED = Long.getLong("trale.fray.seed", ThreadLocalRandom.current().nextInt(1_000_000_000));

    /// Many times what a twin needs. The seed is fixed, so that a twin is caught in every run or in none.
    private static final int TWIN_COUNT = 5000;
    private static final long TWIN_SEED = 1;

    static final List<Class<?>> SCHEDULES = Stream
            .of(ExecutorSchedules.class, BlockSchedules.class, ReactiveSchedules.class)
            .flatMap(outer -> Arrays.<Class<?>>stream(outer.getDeclaredClasses()))
            .filter(type -> Schedule.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers()))
            .filter(type -> ONLY.isEmpty() || type.getSimpleName().equals(ONLY))
            .toList();

    @TempDir
    private static Path real;

    private static Fray fray;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        fray = new Fray(Path.of("target", "fray").toAbsolutePath());
        Fray.compile(real);
    }

    @ParameterizedTest
    @FieldSource("SCHEDULES")
    void theRealCodeHoldsUnderEverySchedule(Class<?> schedule) throws Exception {
        Result result = fray.run(schedule, SEED, COUNT, real);
        report(schedule, "real", result);
        assertThat(result.failed()).as(() -> result.output() + "\nTo repeat: mvn -Pfray verify "
                + "-Dtest='FrayTest#theRealCode*' -Dtrale.fray.only=" + schedule.getSimpleName()
                + " -Dtrale.fray.schedules=1 -Dtrale.fray.seed=" + result.seed() + "\n").isFalse();
    }

    static Stream<Arguments> twins() {
        return SCHEDULES.stream().flatMap(schedule -> Arrays.stream(schedule.getDeclaredAnnotationsByType(Twin.class))
                .map(twin -> Arguments.of(schedule, twin)));
    }

    @ParameterizedTest
    @MethodSource("twins")
    void theBrokenTwinIsCaught(Class<?> schedule, Twin twin, @TempDir Path broken) throws Exception {
        Fray.compile(broken, Change.of(twin));
        Result result = fray.run(schedule, TWIN_SEED, TWIN_COUNT, broken);
        report(schedule, twin.fault(), result);
        assertThat(result.failed()).isTrue();
    }

    @ParameterizedTest
    @FieldSource("SCHEDULES")
    void eachHasATwin(Class<?> schedule) {
        assertThat(schedule.getDeclaredAnnotationsByType(Twin.class)).isNotEmpty();
    }

    private static void report(Class<?> schedule, String which, Result result) {
        System.out.println(schedule.getSimpleName() + ", " + which + ": " + result.summary());
    }
}

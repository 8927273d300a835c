package io.trale.stress;

import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.file.Path;
import java.util.Arrays;
import kotlin.Unit;
import org.pastalab.fray.core.TestRunner;
import org.pastalab.fray.core.command.Configuration;
import org.pastalab.fray.core.command.ExecutionInfo;
import org.pastalab.fray.core.command.LambdaExecutor;
import org.pastalab.fray.core.command.NetworkDelegateType;
import org.pastalab.fray.core.command.SystemTimeDelegateType;
import org.pastalab.fray.core.randomness.ControlledRandomProvider;
import org.pastalab.fray.rmi.TestStatusObserver;

/// Runs a [Schedule] repeatedly under Fray, which controls every thread switch, until a check fails, all threads wait for ever,
/// or a schedule does not end. Needs the JDK, the agents and the flags of the class `Fray` in the tests.
///
/// Arguments: the class, a seed, the number of schedules, and a directory for reports. The schedule of the seed before is run
/// first and loads the classes; so a seed determines the same schedule in every run. Prints what failed and what each thread
/// does, and then a line with the number of schedules, the failure, and its seed.
public final class FrayMain {

    /// In the place of a failure.
    static final String NO_FAILURE = "no failure";

    /// Without a step for so long, a thread spins, or waits for something that Fray does not control.
    private static final long STUCK_MILLIS = 30_000;

    private static final PrintStream OUT = System.out;

    private FrayMain() {}

    /// See the class.
    public static void main(String[] args) throws Exception {
        Constructor<?> constructor = Class.forName(args[0]).getConstructor();
        ExecutionInfo execution = new ExecutionInfo(new LambdaExecutor(() -> {
            try {
                ((Schedule) constructor.newInstance()).run();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return Unit.INSTANCE;
        }), false, false, 2 * SeededScheduler.MAX_STEPS);
        // Fray's clock; a timed wait ends early only if no other thread can run. All other settings are the defaults.
        Configuration configuration = new Configuration(execution, Path.of(args[3]), 1 + Integer.parseInt(args[2]),
                Integer.MAX_VALUE, new SeededScheduler(Long.parseLong(args[1]) - 1), new ControlledRandomProvider(), false, false,
                true, false, false, false, NetworkDelegateType.NONE, SystemTimeDelegateType.MOCK, 1000L, false, true, false, false,
                false, false, null);
        configuration.getTestStatusObservers().add(new TestStatusObserver() {
            @Override
            public void onExecutionStart() {}

            @Override
            public void onReportError(Throwable failure) {
                fail(configuration, failure);
            }

            @Override
            public void onExecutionDone(Throwable failure) {}

            @Override
            public void saveToReportFolder(Path directory) {}
        });
        System.setOut(new PrintStream(PrintStream.nullOutputStream())); // Fray prints progress
        watch(configuration);
        new TestRunner(configuration).run();
        end(configuration, NO_FAILURE + ", first seed " + args[1]);
    }

    /// Fails if Fray makes no step for long.
    private static void watch(Configuration configuration) {
        Thread.ofPlatform().daemon().start(() -> {
            SeededScheduler scheduler = null;
            for (int steps = -1; scheduler != configuration.getScheduler() || steps != scheduler.steps();) {
                scheduler = (SeededScheduler) configuration.getScheduler();
                steps = scheduler.steps();
                try {
                    Thread.sleep(STUCK_MILLIS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            fail(configuration, new AssertionError("no step for " + STUCK_MILLIS + " ms"));
        });
    }

    private static void fail(Configuration configuration, Throwable failure) {
        failure.printStackTrace(OUT);
        Thread.getAllStackTraces().forEach((thread, trace) -> {
            OUT.println(thread);
            Arrays.stream(trace).forEach(frame -> OUT.println("\tat " + frame));
        });
        SeededScheduler scheduler = (SeededScheduler) configuration.getScheduler();
        end(configuration, failure.toString().lines().findFirst().orElseThrow() + ", seed " + scheduler.seed());
    }

    /// Ends the JVM at once, since threads may still wait.
    private static void end(Configuration configuration, String result) {
        OUT.println(configuration.getCurrentIteration() + " schedules, " + result);
        OUT.flush();
        Runtime.getRuntime().halt(0);
    }
}

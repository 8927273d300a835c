package io.trale.stress;

import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.file.Path;
import kotlin.Unit;
import org.pastalab.fray.core.TestRunner;
import org.pastalab.fray.core.command.Configuration;
import org.pastalab.fray.core.command.ExecutionInfo;
import org.pastalab.fray.core.command.LambdaExecutor;
import org.pastalab.fray.core.command.NetworkDelegateType;
import org.pastalab.fray.core.command.SystemTimeDelegateType;
import org.pastalab.fray.core.randomness.ControlledRandom;
import org.pastalab.fray.core.randomness.ControlledRandomProvider;
import org.pastalab.fray.core.scheduler.POSScheduler;
import org.pastalab.fray.core.scheduler.RandomScheduler;
import org.pastalab.fray.core.scheduler.Scheduler;

/// Runs a [Schedule] repeatedly under Fray, which controls every thread switch. Needs the JDK, the agents and the flags of
/// the class `Fray` in the tests.
///
/// Arguments: the class, the algorithm that chooses the next thread (`pos` or `random`), the time in seconds, and a
/// directory for reports. Prints the number of schedules, then the failure if any. The exit status is 1 after a failure,
/// else 0.
public final class FrayMain {

    private static final int MAX_SCHEDULES = Integer.MAX_VALUE;
    private static final int MAX_STEPS = 100_000;

    private FrayMain() {}

    /// See the class.
    public static void main(String[] args) throws Exception {
        Constructor<?> constructor = Class.forName(args[0]).getConstructor();
        Scheduler scheduler = switch (args[1]) {
            case "pos" -> new POSScheduler(new ControlledRandom());
            case "random" -> new RandomScheduler(new ControlledRandom());
            default -> throw new IllegalArgumentException(args[1]);
        };
        ExecutionInfo execution = new ExecutionInfo(new LambdaExecutor(() -> {
            try {
                ((Schedule) constructor.newInstance()).run();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return Unit.INSTANCE;
        }), false, false, MAX_STEPS);
        // Fray's clock; a timed wait ends early only if no other thread can run. All other settings are the defaults.
        Configuration configuration = new Configuration(execution, Path.of(args[3]), MAX_SCHEDULES, Integer.parseInt(args[2]),
                scheduler, new ControlledRandomProvider(), false, false, true, false, false, false, NetworkDelegateType.NONE,
                SystemTimeDelegateType.MOCK, 1000L, false, true, false, false, false, false, null);
        PrintStream out = System.out;
        System.setOut(new PrintStream(PrintStream.nullOutputStream())); // Fray prints progress
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> { }); // the result contains it
        Throwable failure = new TestRunner(configuration).run();
        out.println(configuration.getCurrentIteration() + " schedules");
        if (failure != null) {
            failure.printStackTrace(out);
        }
        out.flush();
        Runtime.getRuntime().halt(failure == null ? 0 : 1); // threads of a failed schedule may still wait
    }
}

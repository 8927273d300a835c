package io.trale.sim;

import io.trale.reactor.Counters.Count;
import io.trale.reactor.Reactor;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// Runs scenarios on simulated kernels, one seed after the other, for as long as there is time.
///
/// `-Dtrale.sim.seconds=N` is the time for all scenarios of a module together, 20 if not said; each takes its share.
/// `-Dtrale.sim.seed=N` runs that seed alone, `-Dtrale.sim.trace=true` prints all that happens in the kernel.
public final class Seeds {

    /// A run, all of whose choices follow from `seed`.
    public interface Scenario {
        void run(long seed) throws Exception;
    }

    /// What happens on an executor.
    public interface Body {
        void run(Executor executor) throws Exception;
    }

    private Seeds() {}

    /// Runs `scenario`, the method `name` of a test of `module`, for as many seeds as fit into `share` of the time.
    public static void run(String module, String name, double share, Scenario scenario) {
        Long only = Long.getLong("trale.sim.seed");
        double seconds = Double.parseDouble(System.getProperty("trale.sim.seconds", "20")) * share;
        long first = only != null ? only : System.currentTimeMillis();
        long end = System.nanoTime() + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        long seed = first;
        do {
            try {
                scenario.run(seed++);
            } catch (Throwable t) {
                String replay = "seed " + --seed + " fails; to replay: mvn -pl " + module
                        + " -am test -Dsurefire.failIfNoSpecifiedTests=false -Dtest=" + name + " -Dtrale.sim.seed=" + seed;
                System.out.println(replay);
                throw new AssertionError(replay + "\n" + t, t);
            }
        } while (only == null && System.nanoTime() < end);
        System.out.println(name + ": seeds " + first + " to " + (seed - 1));
    }

    /// Runs `body` on an executor on `kernel` and the current thread, closes it, and checks that nothing is left.
    public static void run(SimKernel kernel, ExecutorOptions options, Body body) throws Exception {
        List<Throwable> uncaught = new ArrayList<>();
        Executor executor = Executor.open(kernel, options.uncaught(uncaught::add));
        try {
            body.run(executor);
            executor.close();
            kernel.runForeignToEnd();
        } catch (Throwable t) {
            kernel.throwFailure(); // which may have been swallowed, and all that came after is its consequence
            throw t;
        } finally {
            if (Reactor.isBound()) {
                Reactor.current().unbind();
            }
        }
        kernel.assertQuiescent();
        for (Throwable failure : uncaught) {
            throw new AssertionError("seed " + kernel.seed() + ": nobody caught " + failure, failure);
        }
        require(kernel, executor.reactor().counters().get(Count.UNKNOWN) == 0, "completions of nothing in flight");
        require(kernel, executor.reactor().counters().get(Count.IN_FLIGHT) == 0, "operations in flight after the end");
    }

    /// As [#run(SimKernel, ExecutorOptions, Body)], with `main` as a task that ends when the scenario does.
    public static void run(SimKernel kernel, ExecutorOptions options, Steps main) throws Exception {
        run(kernel, options, executor -> executor.submit(main).join());
    }

    /// A kernel of which anything may be expected that `faults` allow, with some capabilities missing.
    public static SimKernel kernel(long seed, Faults faults) {
        SimKernel kernel = new SimKernel(seed).strict();
        SplittableRandom random = kernel.random();
        for (Capability capability : Capability.values()) {
            if (capability != Capability.BUFFER_RINGS && random.nextInt(4) == 0) {
                kernel.without(capability);
            }
        }
        return kernel.faults(faults.someOf(random)).socketBufferBytes(oneOf(random, 8, 100, 3000, 64 << 10));
    }

    /// Options with queues and pools of any size, mostly too small ones.
    public static ExecutorOptions options(SimKernel kernel) {
        SplittableRandom random = kernel.random();
        int submissions = oneOf(random, 1, 1, 2, 2, 4, 256);
        return ExecutorOptions.defaults()
                .ringEntries(submissions, Math.max(submissions, oneOf(random, 1, 2, 4, 512)))
                .receiveBuffers(oneOf(random, 1, 2, 8), oneOf(random, 1, 64, 4096))
                .sendBlocks(oneOf(random, 1, 2, 8), oneOf(random, 1, 64, 4096));
    }

    /// One of `values`.
    public static int oneOf(SplittableRandom random, int... values) {
        return values[random.nextInt(values.length)];
    }

    private static void require(SimKernel kernel, boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError("seed " + kernel.seed() + ": " + otherwise);
        }
    }
}

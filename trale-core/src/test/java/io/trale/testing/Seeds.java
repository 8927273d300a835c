package io.trale.testing;

import io.trale.reactor.Counters.Count;
import io.trale.reactor.Reactor;
import io.trale.sim.Capability;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Runs scenarios on simulated kernels, for one seed after the other while there is time.
///
/// `-Dtrale.sim.seconds=N` is the time for all scenarios of a module, 20 by default. `-Dtrale.sim.seed=N` runs one seed.
/// `-Dtrale.sim.trace=true` prints all events of the kernel.
public final class Seeds {

    /// A run whose choices all follow from `seed`.
    public interface Scenario {
        void run(long seed) throws Exception;
    }

    /// The actions of a scenario on an executor.
    public interface Body {
        void run(Executor executor) throws Exception;
    }

    /// The share of the time for each scenario of trale-core, which has about thirty.
    public static final double CORE_SHARE = 1.0 / 30;

    /// Bound while [#once] runs.
    private static final ScopedValue<Once> ONCE = ScopedValue.newInstance();

    private static final Duration STUCK = Duration.ofSeconds(15);
    private static final int STUCK_FRAMES = 30;

    private Seeds() {}

    /// Runs `scenario`, which is in the test `name` of `module`, for as many seeds as possible in `share` of the time.
    public static void run(String module, String name, double share, Scenario scenario) {
        if (ONCE.isBound()) {
            ONCE.get().run(module, name, scenario);
            return;
        }
        Long only = Long.getLong("trale.sim.seed");
        double seconds = Double.parseDouble(System.getProperty("trale.sim.seconds", "20")) * share;
        long first = only != null ? only : System.currentTimeMillis();
        long end = System.nanoTime() + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        AtomicLong seed = new AtomicLong(first);
        Thread watchdog = watch(module, name, seed);
        try {
            do {
                scenario.run(seed.get());
            } while (seed.incrementAndGet() > 0 && only == null && System.nanoTime() < end);
        } catch (Throwable t) {
            String replay = replay(module, name, "fails", seed.get());
            System.out.println(replay);
            throw new AssertionError(replay + "\n" + t, t);
        } finally {
            watchdog.interrupt();
        }
        System.out.println(name + ": seeds " + first + " to " + (seed.get() - 1));
    }

    /// Calls `test`, and runs each of its scenarios for `seed` only. Returns the number of scenarios. For callers that choose the
    /// seeds.
    public static int once(long seed, Callable<?> test) throws Exception {
        Once once = new Once(seed);
        ScopedValue.where(ONCE, once).call(test::call);
        return once.runs;
    }

    private static final class Once {

        private final long seed;
        private int runs;

        Once(long seed) {
            this.seed = seed;
        }

        void run(String module, String name, Scenario scenario) {
            runs++;
            try {
                scenario.run(seed);
            } catch (Throwable t) {
                throw new AssertionError(replay(module, name, "fails", seed) + "\n" + t, t);
            }
        }
    }

    private static String replay(String module, String name, String what, long seed) {
        return "seed " + seed + " " + what + "; to replay it:\nmvn -pl " + module
                + " -am test -Dsurefire.failIfNoSpecifiedTests=false -Dtest=" + name + " -Dtrale.sim.seed=" + seed;
    }

    /// Prints the seed of a run that makes no progress. A run that spins in the code under test could not report it.
    private static Thread watch(String module, String name, AtomicLong seed) {
        Thread watched = Thread.currentThread();
        return Thread.ofPlatform().daemon().name("watchdog").start(() -> {
            try {
                for (long before = -1; !watched.join(STUCK); before = seed.get()) {
                    if (before == seed.get()) {
                        System.out.println(replay(module, name, "is stuck", before));
                        Arrays.stream(watched.getStackTrace()).limit(STUCK_FRAMES)
                                .forEach(frame -> System.out.println("    at " + frame));
                    }
                }
            } catch (InterruptedException e) {
                // the run is over
            }
        });
    }

    /// Runs `body` on an executor on `kernel` and the current thread, closes the executor, and checks for leaks and for uncaught
    /// failures.
    public static void run(SimKernel kernel, ExecutorOptions options, Body body) throws Exception {
        List<Throwable> uncaught = new ArrayList<>();
        run(kernel, options, uncaught, body);
        for (Throwable failure : uncaught) {
            throw new AssertionError("seed " + kernel.seed() + ": uncaught " + failure, failure);
        }
    }

    /// As [#run(SimKernel, ExecutorOptions, Body)], but collects uncaught failures in `uncaught`.
    public static void run(SimKernel kernel, ExecutorOptions options, List<Throwable> uncaught, Body body) throws Exception {
        Executor executor = Executor.open(kernel, options.uncaught(uncaught::add));
        kernel.checkMemoryOf(executor.reactor());
        kernel.inEachCall(() -> checkCounters(kernel, executor));
        try {
            body.run(executor);
            executor.close();
            kernel.runForeignToEnd();
        } catch (Throwable t) {
            kernel.throwFailure(); // if there was one, it is the cause of `t`
            throw t;
        } finally {
            kernel.endForeign();
            if (Reactor.isBound()) {
                Reactor.current().unbind();
            }
        }
        kernel.assertQuiescent();
        checkCounters(kernel, executor);
        require(kernel, executor.reactor().counters().get(Count.IN_FLIGHT) == 0, "operations in flight after the end");
    }

    /// As [#run(SimKernel, ExecutorOptions, Body)]; the scenario ends with the task `main`.
    public static void run(SimKernel kernel, ExecutorOptions options, Script main) throws Exception {
        run(kernel, options, executor -> executor.submit(main).join());
    }

    /// A kernel with some of `faults` and without some capabilities, both drawn from `seed`.
    public static SimKernel kernel(long seed, Faults faults) {
        SimKernel kernel = new SimKernel(seed).strict();
        SplittableRandom random = kernel.random();
        for (Capability capability : Capability.values()) {
            if (random.nextInt(4) == 0) {
                kernel.without(capability);
            }
        }
        return kernel.faults(faults.someOf(random)).socketBufferBytes(oneOf(random, 8, 100, 3000, 64 << 10));
    }

    /// Options with queues and pools of random, mostly too small sizes.
    public static ExecutorOptions options(SimKernel kernel) {
        SplittableRandom random = kernel.random();
        int submissions = oneOf(random, 1, 1, 2, 2, 4, 256);
        return ExecutorOptions.defaults()
                .ringEntries(submissions, Math.max(submissions, oneOf(random, 1, 2, 4, 512)))
                .receiveBuffers(oneOf(random, 1, 2, 8), oneOf(random, 1, 64, 4096))
                .sendBlocks(oneOf(random, 1, 2, 8), oneOf(random, 1, 64, 4096))
                .leaseBuffers(oneOf(random, 1, 2, 8), oneOf(random, 1, 64, 4096))
                .fileBlocks(oneOf(random, 1, 2, 8), oneOf(random, 1, 64, 4096));
    }

    /// One of `values`.
    public static int oneOf(SplittableRandom random, int... values) {
        return values[random.nextInt(values.length)];
    }

    private static void checkCounters(SimKernel kernel, Executor executor) {
        require(kernel, executor.reactor().counters().get(Count.UNKNOWN) == 0, "completions of no operation in flight");
        require(kernel, executor.reactor().counters().get(Count.IN_FLIGHT) >= 0, "a negative number of operations in flight");
    }

    private static void require(SimKernel kernel, boolean condition, String otherwise) {
        if (!condition) {
            throw kernel.failed(otherwise);
        }
    }
}

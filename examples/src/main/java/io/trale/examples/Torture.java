package io.trale.examples;

import java.io.PrintWriter;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Runs random work that checks its own results. The work is test code of another module; `./trale` builds it for this
/// command only.
@Command(name = "torture",
        description = "Runs random work on the real kernel and on the simulated one, and checks every byte.",
        footer = {"",
            "On the real kernel, a seed is one round: servers and clients on two loops, plain sockets on other threads, "
                + "half-closes, resets, cancels, slow readers, datagrams, ticks, events, files and tasks. At the end of a "
                + "round no operation may be in flight, all buffers must be returned, and all descriptors closed.",
            "On the simulated kernel, a seed is one run of every scenario of the tests, with faults that depend on the seed.",
            "Seeds are run one after the other until the time has passed. A failure reports its seed. On the simulated "
                + "kernel, the seed repeats exactly the same run; on the real kernel, it repeats the same work.",
            "The exit status is 0 if all checks passed, and 1 otherwise."})
public final class Torture implements Callable<Integer> {

    /// The implementation, found with [ServiceLoader].
    public interface Work {

        /// Runs `plan`; prints progress, statistics and failures. Returns true if no check failed.
        boolean run(Plan plan, PrintWriter out) throws Exception;
    }

    /// The work to run.
    ///
    /// @param seed the first seed
    /// @param rounds the maximum number of seeds on each kernel
    /// @param seconds the time to begin new rounds; a started round is completed
    /// @param connections the number of concurrent pieces of work on the real kernel
    /// @param simulated whether to use the simulated kernel
    /// @param real whether to use the real kernel
    /// @param live whether the output is a terminal; progress is then one line that is overwritten
    public record Plan(long seed, long rounds, int seconds, int connections, boolean simulated, boolean real, boolean live) {}

    @Spec
    private CommandSpec spec;

    @Option(names = "--seed", paramLabel = "N", description = "The first seed (default: the time).")
    private Long seed;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "2147483647",
            description = "Maximum number of seeds on each kernel; 1 replays one seed (default: no limit).")
    private int rounds;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "60",
            description = "Time to begin new rounds (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--connections", paramLabel = "N", defaultValue = "32",
            description = "Concurrent pieces of work on the real kernel (default: ${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--sim", description = "Use only the simulated kernel (default: both, alternating).")
    private boolean simulated;

    @Option(names = "--real", description = "Use only the real kernel.")
    private boolean real;

    /// For the command line.
    public Torture() {}

    @Override
    public Integer call() throws Exception {
        Numbers.checked(spec, "--rounds", rounds, 1, Integer.MAX_VALUE);
        Numbers.checked(spec, "--seconds", seconds, 1, 7 * 24 * 3600);
        Numbers.checked(spec, "--connections", connections, 1, 1000);
        Plan plan = new Plan(seed != null ? seed : System.currentTimeMillis(), rounds, seconds, connections,
                simulated || !real, real || !simulated, System.console() != null && System.console().isTerminal());
        Work work = ServiceLoader.load(Work.class).findFirst().orElseThrow(() ->
                new IllegalStateException("the test classes are missing; run ./trale torture in the source tree"));
        return work.run(plan, spec.commandLine().getOut()) ? 0 : 1;
    }
}

package io.trale.examples;

import java.io.PrintWriter;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Random work that checks itself. The work is test code of another module, which `./trale` builds for this command alone.
@Command(name = "torture",
        description = "Random work on the real kernel and the simulated one, every byte checked.",
        footer = {"",
            "On the real kernel a seed is one round: servers and clients in two loops, plain sockets in other threads, "
                + "half-closes, resets, cancels, slow readers, datagrams, ticks, events, files and tasks. At its end "
                + "nothing may be in flight, every buffer must be back, and no descriptor may be open.",
            "On the simulated kernel a seed is one run of every scenario of the tests, with faults that follow from it.",
            "The next seed follows when one is done, until the time is up. A failure names its seed. On the simulated "
                + "kernel that seed repeats the very same run, on the real one the same work.",
            "The exit status is 0 if all was well, and 1 otherwise."})
public final class Torture implements Callable<Integer> {

    /// The work.
    public interface Work {

        /// Does what `plan` says, and prints progress, statistics and failures. Returns true if there was no failure.
        boolean run(Plan plan, PrintWriter out) throws Exception;
    }

    /// What to do.
    ///
    /// @param seed the first seed
    /// @param rounds how many seeds to run on each kernel at most
    /// @param seconds how long to go on; a round that has begun is completed
    /// @param connections how many pieces of work are under way at a time on the real kernel
    /// @param simulated whether to use the simulated kernel
    /// @param real whether to use the real kernel
    /// @param live whether the output is a terminal, where progress is one line that changes
    public record Plan(long seed, long rounds, int seconds, int connections, boolean simulated, boolean real, boolean live) {}

    @Spec
    private CommandSpec spec;

    @Option(names = "--seed", paramLabel = "N", description = "The first seed (default: the time).")
    private Long seed;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "2147483647",
            description = "How many seeds to run on each kernel at most: 1 to replay one (default: no limit).")
    private int rounds;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "60",
            description = "How long to begin new rounds (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--connections", paramLabel = "N", defaultValue = "32",
            description = "Pieces of work at a time on the real kernel (default: ${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--sim", description = "The simulated kernel alone (default: both, in turn).")
    private boolean simulated;

    @Option(names = "--real", description = "The real kernel alone.")
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
                new IllegalStateException("the test classes are not here; start it as ./trale torture in the sources"));
        return work.run(plan, spec.commandLine().getOut()) ? 0 : 1;
    }
}

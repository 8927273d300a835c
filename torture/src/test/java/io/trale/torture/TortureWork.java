package io.trale.torture;

import io.trale.examples.Torture;
import io.trale.torture.Tally.Count;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import reactor.core.publisher.Hooks;

/// The work of `./trale torture`. The two kernels alternate: each gets half of the time, and their runs do not overlap.
public final class TortureWork implements Torture.Work {

    private static final String ERASE_LINE = "\r\033[K";
    private static final long LIVE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long PLAIN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Tally tally = new Tally();
    private volatile long simulatedSeed;
    private volatile long realSeed;

    /// For [java.util.ServiceLoader].
    public TortureWork() {}

    @Override
    public boolean run(Torture.Plan plan, PrintWriter out) throws Exception {
        out.println("seed " + plan.seed() + ", for " + plan.seconds() + " s" + (plan.real() ? "" : ", simulated kernel only")
                + (plan.simulated() ? "" : ", real kernel only"));
        out.flush();
        long begin = System.nanoTime();
        simulatedSeed = plan.seed();
        realSeed = plan.seed();
        Thread reporter = Thread.ofPlatform().daemon().name("progress").start(() -> report(plan, begin, out));
        Throwable failure = null;
        try {
            work(plan, begin + TimeUnit.SECONDS.toNanos(plan.seconds()));
        } catch (Throwable t) {
            failure = t;
        }
        reporter.interrupt();
        reporter.join();
        out.println(statistics(begin));
        if (failure != null) {
            StringWriter trace = new StringWriter();
            (failure.getCause() != null ? failure.getCause() : failure).printStackTrace(new PrintWriter(trace));
            out.print(trace);
        }
        out.println(failure == null ? "no failure" : failure.getMessage());
        out.flush();
        return failure == null;
    }

    // ---- the work

    private void work(Torture.Plan plan, long end) throws Exception {
        Simulation simulation = new Simulation(plan.seed(), tally);
        long simulatedNanos = 0;
        long realNanos = 0;
        while (System.nanoTime() < end) {
            boolean simulates = plan.simulated() && simulation.seed() < plan.seed() + plan.rounds();
            boolean isReal = plan.real() && realSeed < plan.seed() + plan.rounds();
            if (!simulates && !isReal) {
                return;
            }
            long before = System.nanoTime();
            if (simulates && (!isReal || simulatedNanos <= realNanos)) {
                Hooks.onErrorDropped(failure -> { }); // scenarios that check dropped errors set their own hook
                try {
                    simulation.step();
                } catch (Throwable t) {
                    throw failed(plan, "sim", simulation.seed(), t);
                } finally {
                    Hooks.resetOnErrorDropped();
                }
                simulatedSeed = simulation.seed();
                simulatedNanos += System.nanoTime() - before;
            } else {
                try {
                    round(realSeed, plan.connections(), tally);
                } catch (Throwable t) {
                    throw failed(plan, "real", realSeed, t);
                }
                realSeed++;
                realNanos += System.nanoTime() - before;
            }
        }
    }

    /// One round on the real kernel.
    static void round(long seed, int connections, Tally tally) throws Exception {
        Round round = new Round(seed, connections, tally);
        Hooks.onErrorDropped(failure -> {
            if (!Round.isOrdinary(failure)) {
                round.fail(failure);
            }
        });
        try {
            round.run();
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    private static AssertionError failed(Torture.Plan plan, String kernel, long seed, Throwable failure) {
        String connections = kernel.equals("sim") ? "" : " --connections " + plan.connections();
        return new AssertionError("seed " + seed + " failed; repeat it with: ./trale torture --" + kernel + connections
                + " --rounds 1 --seed " + seed, failure);
    }

    // ---- output

    private void report(Torture.Plan plan, long begin, PrintWriter out) {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(plan.live() ? LIVE_NANOS : PLAIN_NANOS);
                out.print((plan.live() ? ERASE_LINE : "") + line(begin) + (plan.live() ? "" : "\n"));
                out.flush();
            }
        } catch (InterruptedException e) {
            out.print(plan.live() ? ERASE_LINE : "");
        }
    }

    private String line(long begin) {
        return String.format(Locale.ROOT, "%,d s | simulated: %,d schedules, seed %d | real: %,d rounds, %,d connections, "
                + "%,d MiB, seed %d", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin), tally.get(Count.SCHEDULES),
                simulatedSeed, tally.get(Count.ROUNDS), tally.get(Count.CONNECTIONS), tally.get(Count.BYTES) >> 20, realSeed);
    }

    private String statistics(long begin) {
        return Stream.of(Count.values())
                .map(count -> String.format(Locale.ROOT, "  %-28s %,15d", count.text, tally.get(count)))
                .collect(Collectors.joining("\n", String.format(Locale.ROOT, "In %,d s:%n",
                        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin)), ""));
    }
}

package io.trale.examples;

import io.trale.reactive.Tick;
import io.trale.reactive.Trale;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/// Ticks with a slow consumer, which requests a tick when it has processed the previous one. No tick is queued: the kernel
/// counts the periods, and the next tick reports the number of missed ones.
@Command(name = "ticker",
        description = "Ticks with a slow consumer: no tick is queued, and each reports the number of missed ticks.")
final class Ticker implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--every", paramLabel = "MILLIS", defaultValue = "10",
            description = "Period of the ticks (default: ${DEFAULT-VALUE}).")
    private int everyMillis;

    @Option(names = "--slow", paramLabel = "MILLIS", defaultValue = "35",
            description = "Time that the consumer needs for a tick (default: ${DEFAULT-VALUE}).")
    private int slowMillis;

    @Option(names = "--count", paramLabel = "N", defaultValue = "20",
            description = "Number of ticks to consume (default: ${DEFAULT-VALUE}).")
    private int count;

    @Override
    public Integer call() {
        Duration every = Duration.ofMillis(Numbers.checked(spec, "--every", everyMillis, 1, 3_600_000));
        Duration slow = Duration.ofMillis(Numbers.checked(spec, "--slow", slowMillis, 0, 3_600_000));
        int count = Numbers.checked(spec, "--count", this.count, 1, Integer.MAX_VALUE);
        PrintWriter out = spec.commandLine().getOut();
        try (Trale trale = Trale.start()) {
            Tick last = trale.ticks(every)
                    .take(count)
                    .doOnNext(tick -> out.println("tick " + tick.sequence() + ", missed " + tick.missed()))
                    .takeUntil(tick -> out.checkError()) // stdout is closed
                    .concatMap(tick -> Mono.delay(slow, trale.scheduler()).thenReturn(tick), 0)
                    .blockLast();
            out.println(count + " ticks for " + (last.sequence() + 1) + " periods");
        }
        return 0;
    }
}

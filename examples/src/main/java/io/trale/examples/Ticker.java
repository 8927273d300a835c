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

/// Ticks for a consumer that takes its time. It asks for the next when it is done with the last, and nothing waits for it
/// meanwhile: the kernel counts the periods that pass, and the next tick tells.
@Command(name = "ticker",
        description = "Ticks for a consumer that is too slow: none queues up, and each tells how many it has missed.")
final class Ticker implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--every", paramLabel = "MILLIS", defaultValue = "10",
            description = "The period of the ticks (default: ${DEFAULT-VALUE}).")
    private int everyMillis;

    @Option(names = "--slow", paramLabel = "MILLIS", defaultValue = "35",
            description = "How long the consumer takes for each (default: ${DEFAULT-VALUE}).")
    private int slowMillis;

    @Option(names = "--count", paramLabel = "N", defaultValue = "20",
            description = "After how many ticks it ends (default: ${DEFAULT-VALUE}).")
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
                    .takeUntil(tick -> out.checkError()) // nobody reads what is printed any more
                    .concatMap(tick -> Mono.delay(slow, trale.scheduler()).thenReturn(tick), 0)
                    .blockLast();
            out.println(count + " ticks for " + (last.sequence() + 1) + " periods");
        }
        return 0;
    }
}

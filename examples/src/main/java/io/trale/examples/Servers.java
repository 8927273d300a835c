package io.trale.examples;

import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/// How the examples that serve begin and end.
final class Servers {

    private static final Duration GRACE = Duration.ofSeconds(2);

    private Servers() {}

    /// Starts what `serve` says on a new loop, prints the port, and serves until it is interrupted.
    static void run(Function<Trale, Mono<Server>> serve, PrintWriter out) {
        try (Trale trale = Trale.start()) {
            Server server = serve.apply(trale).block();
            whenInterrupted(trale, () -> server.disposeNow(GRACE)); // what was received is answered
            out.println("listening on port " + server.port());
            server.onClose().block();
        }
    }

    /// Has an interrupt, as by Ctrl-C, run `stop`; after which the main thread should come to its end, and close `trale`.
    static void whenInterrupted(Trale trale, Runnable stop) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.run();
            trale.onClose().timeout(GRACE).onErrorComplete().block();
        }));
    }
}

package io.trale.examples;

import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/// Starts and stops the example servers.
final class Servers {

    private static final Duration GRACE = Duration.ofSeconds(2);

    private Servers() {}

    /// Starts the server `serve` on a new loop, prints its port, and runs until it is interrupted.
    static void run(Function<Trale, Mono<Server>> serve, PrintWriter out) {
        try (Trale trale = Trale.start()) {
            Server server = serve.apply(trale).block();
            whenInterrupted(trale, () -> server.disposeNow(GRACE)); // received requests are still answered
            out.println("listening on port " + server.port());
            server.onClose().block();
        }
    }

    /// Registers `stop` to run on an interrupt, such as Ctrl-C, then waits until `trale` is closed. `stop` must cause the
    /// main thread to close `trale`.
    static void whenInterrupted(Trale trale, Runnable stop) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.run();
            trale.onClose().timeout(GRACE).onErrorComplete().block();
        }));
    }
}

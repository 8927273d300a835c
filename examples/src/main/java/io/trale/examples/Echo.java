package io.trale.examples;

import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// An echo server; all of it is the line that calls `serve`.
@Command(name = "echo", mixinStandardHelpOptions = true,
        description = "Echo server: sends back whatever a client sends, until it is interrupted.")
final class Echo implements Callable<Integer> {

    private static final Duration GRACE = Duration.ofSeconds(2);

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7000",
            description = "TCP port to listen on, 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() {
        int port = Ports.checked(spec, this.port);
        try (Trale trale = Trale.start()) {
            Server server = trale.serve(port, c -> c.send(c.receive())).block();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                server.disposeNow(GRACE); // what was received is answered
                trale.onClose().block(GRACE); // by the main thread, below
            }));
            spec.commandLine().getOut().println("listening on port " + server.localAddress().getPort());
            server.onClose().block();
        }
        return 0;
    }
}

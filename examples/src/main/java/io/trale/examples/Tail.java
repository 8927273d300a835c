package io.trale.examples;

import io.trale.reactive.Connection;
import io.trale.reactive.Trale;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/// `tail -F` for many clients. Each client has its own [Follower] and receives the file as fast as it reads. A client that
/// does not read costs only its follower.
@Command(name = "tail",
        description = "Sends a file to each client, then the data appended to it. Try: nc localhost 7004.")
final class Tail implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7004",
            description = "TCP port to listen on, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--every", paramLabel = "MILLIS", defaultValue = "200",
            description = "Interval between checks of the file (default: ${DEFAULT-VALUE}).")
    private int everyMillis;

    @Option(names = "--new", description = "Send only appended data, not the present content.")
    private boolean onlyNew;

    @Parameters(paramLabel = "FILE", description = "The file to send. It may be truncated or replaced.")
    private Path file;

    @Override
    public Integer call() {
        int port = Ports.checked(spec, this.port);
        Duration every = Duration.ofMillis(Numbers.checked(spec, "--every", everyMillis, 1, 3_600_000));
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new ParameterException(spec.commandLine(), file + " is not a readable file");
        }
        Servers.run(trale -> trale.serve(port, client -> follow(trale, file, every, onlyNew, client)),
                spec.commandLine().getOut());
        return 0;
    }

    /// Completes when the client closes its side. Received data is ignored.
    static Mono<Void> follow(Trale trale, Path file, Duration every, boolean onlyNew, Connection client) {
        return Mono.firstWithSignal(
                client.send(Follower.of(trale, file, every, onlyNew)),
                client.receive().then());
    }
}

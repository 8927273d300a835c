package io.trale.examples;

import io.trale.reactive.Connection;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/// A TCP proxy that copies no byte: what the kernel wrote for one side it reads for the other.
@Command(name = "proxy",
        description = "A TCP proxy: passes everything on, both ways and with no copy, until it is interrupted.")
final class Proxy implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7001",
            description = "TCP port to listen on, 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Parameters(paramLabel = "HOST:PORT", description = "Whom to pass the connections on to.")
    private String target;

    @Override
    public Integer call() {
        int port = Ports.checked(spec, this.port);
        int colon = target.lastIndexOf(':');
        String host = target.substring(0, Math.max(colon, 0)).replaceAll("^\\[|]$", ""); // an IPv6 address has brackets
        int targetPort = Ports.parsed(target.substring(colon + 1));
        if (host.isEmpty() || host.contains("/") || targetPort < 0) {
            throw new ParameterException(spec.commandLine(), "the target is '" + target + "', must be HOST:PORT");
        }
        Servers.run(trale -> trale.serve(port, client -> pass(client, trale.connect(host, targetPort))),
                spec.commandLine().getOut());
        return 0;
    }

    /// Lasts until both sides have ended; when one breaks, so does the other. A client whom nobody can be found for is told
    /// nothing, and the operator why.
    private Mono<Void> pass(Connection client, Mono<Connection> connect) {
        return connect
                .doOnError(e -> spec.commandLine().getErr().println(spec.qualifiedName() + ": " + e.getMessage()))
                .onErrorComplete()
                .flatMap(connection -> connection.handle(server -> pump(client, server).and(pump(server, client))));
    }

    /// One direction: the end of one side is passed on as the end of the other's, which may still be talking.
    private static Mono<Void> pump(Connection from, Connection to) {
        return to.sendLeases(from.receiveLeases()).then(to.shutdownOutput());
    }
}

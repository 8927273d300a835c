package io.trale.examples;

import io.trale.reactive.ConnectOptions;
import io.trale.reactive.Connection;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.TlsOptions;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/// A TCP proxy without copies: the buffer of a receive from one side is sent to the other side.
@Command(name = "proxy",
        description = "A TCP proxy: forwards data in both directions without copies, until it is interrupted.")
final class Proxy implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7001",
            description = "TCP port to listen on, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--tls-in", description = "Clients encrypt.")
    private boolean tlsIn;

    @Option(names = "--tls-out", description = "The server encrypts.")
    private boolean tlsOut;

    @Mixin
    private Keys keys;

    @Parameters(paramLabel = "HOST:PORT", description = "The server to forward connections to.")
    private String target;

    @Override
    public Integer call() throws IOException {
        int port = Ports.checked(spec, this.port);
        int colon = target.lastIndexOf(':');
        String host = target.substring(0, Math.max(colon, 0)).replaceAll("^\\[|]$", ""); // an IPv6 address has brackets
        int targetPort = Ports.parsed(target.substring(colon + 1));
        if (host.isEmpty() || host.contains("/") || targetPort < 0) {
            throw new ParameterException(spec.commandLine(), "the target is '" + target + "', must be HOST:PORT");
        }
        ServeOptions in = tlsIn ? ServeOptions.defaults().tls(TlsOptions.of(keys.context())) : ServeOptions.defaults();
        ConnectOptions to = tlsOut ? ConnectOptions.defaults().tls(TlsOptions.of(keys.clientContext()))
                : ConnectOptions.defaults();
        Servers.run(trale -> trale.serve(port, client -> pass(client, trale.connect(host, targetPort, to)), in),
                spec.commandLine().getOut());
        return 0;
    }

    /// Completes when both sides have ended. If one side fails, the other is closed. If the server cannot be reached, prints
    /// the reason and closes the client's connection.
    private Mono<Void> pass(Connection client, Mono<Connection> connect) {
        return connect
                .doOnError(e -> spec.commandLine().getErr().println(spec.qualifiedName() + ": " + e.getMessage()))
                .onErrorComplete()
                .flatMap(connection -> connection.handle(server -> pump(client, server).and(pump(server, client))));
    }

    /// Forwards one direction. Forwards end of stream as a half-close, so the other direction may continue.
    private static Mono<Void> pump(Connection from, Connection to) {
        return to.sendLeases(from.receiveLeases()).then(to.shutdownOutput());
    }
}

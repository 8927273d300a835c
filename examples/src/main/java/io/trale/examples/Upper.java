package io.trale.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trale.reactive.Connection;
import io.trale.reactive.Server;
import io.trale.reactive.codec.Strings;
import io.trale.reactive.Trale;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The pipeline of the README: a server that converts text to upper case, and a client that sends one request.
@Command(name = "upper",
        description = "The pipeline of the README: a server that converts text to upper case, and one request.")
final class Upper implements Runnable {

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        int port = 0;
        PrintWriter out = spec.commandLine().getOut();
        try (Trale trale = Trale.start()) {                    // one thread, one ring
            Server server = trale.serve(port, connection -> connection.send(
                    connection.receive()                        // Flux<ByteBuffer>: demand 0, nothing in flight
                            .transform(Strings.of(UTF_8))
                            .map(text -> text.toUpperCase(Locale.ROOT))
                            .map(UTF_8::encode)))
                    .block();
            out.println("listening on port " + server.port());

            String reply = Flux.usingWhen(trale.connect(server.localAddress()),
                            connection -> connection.send(Mono.just(UTF_8.encode("hello, ring")))
                                    .then(connection.shutdownOutput())
                                    .thenMany(connection.receive().transform(Strings.of(UTF_8))),
                            Connection::close)
                    .collect(Collectors.joining())
                    .block();
            out.println(reply);
        }
    }
}

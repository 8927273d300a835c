package io.trale.examples;

import io.trale.reactive.Server;
import io.trale.reactive.Trale;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/// The pipeline of the README: a server that answers in capitals, and a client that asks it once.
@Command(name = "upper",
        description = "The pipeline of the README: a server that answers in capitals, asked once.")
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
                            .map(StandardCharsets.ISO_8859_1::decode)
                            .map(text -> text.toString().toUpperCase(Locale.ROOT))
                            .map(StandardCharsets.ISO_8859_1::encode)))
                    .block();
            out.println("listening on port " + server.port());

            String reply = trale.connect(server.localAddress())
                    .flatMapMany(connection -> connection
                            .send(Mono.just(ByteBuffer.wrap("hello, ring".getBytes(StandardCharsets.ISO_8859_1))))
                            .then(connection.shutdownOutput())
                            .thenMany(connection.receive())
                            .concatWith(connection.close().cast(ByteBuffer.class)))
                    .map(bytes -> StandardCharsets.ISO_8859_1.decode(bytes).toString())
                    .collect(Collectors.joining())
                    .block();
            out.println(reply);
        }
    }
}

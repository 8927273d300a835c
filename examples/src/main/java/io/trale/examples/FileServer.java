package io.trale.examples;

import io.trale.reactive.Connection;
import io.trale.reactive.codec.Lines;
import io.trale.reactive.ReadOptions;
import io.trale.reactive.Trale;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/// Serves files by name: each line from the client is a path. The reply is `OK LENGTH` and the bytes of the file, or `ERR`
/// and a reason. A line that is too long ends the connection.
///
/// One pipeline leads from the disk to the client. The send requests as many bytes as fit into its window. So the file, and
/// then the next line, are read only as fast as the client reads.
@Command(name = "file-server",
        description = "Sends the files that clients request by name. Try: echo README.md | nc -N localhost 7003.")
final class FileServer implements Callable<Integer> {

    private static final Lines NAMES = Lines.of(StandardCharsets.UTF_8).maxLength(4096);

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7003",
            description = "TCP port to listen on, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Parameters(paramLabel = "DIR", description = "The directory of the files.")
    private Path directory;

    @Override
    public Integer call() throws IOException {
        int port = Ports.checked(spec, this.port);
        if (!Files.isDirectory(directory)) {
            throw new ParameterException(spec.commandLine(), directory + " is not a directory");
        }
        Root root = new Root(directory);
        Servers.run(trale -> trale.serve(port, client -> answer(trale, root, client)), spec.commandLine().getOut());
        return 0;
    }

    static Mono<Void> answer(Trale trale, Root root, Connection client) {
        return client.send(client.receive().transform(NAMES)
                .onErrorComplete(ProtocolException.class) // completes the names, so that pending replies are still sent
                .concatMap(name -> Mono.fromCallable(() -> reply(trale, root, name))
                        .subscribeOn(Schedulers.boundedElastic()) // the look-up of the name blocks
                        .flatMapMany(reply -> reply), 1));
    }

    private static Flux<ByteBuffer> reply(Trale trale, Root root, String name) {
        try {
            Path file = root.find(name);
            if (Files.isRegularFile(file) && Files.isReadable(file)) {
                return bytes(trale, file, Files.size(file));
            }
            return Flux.just(line("ERR not a readable file"));
        } catch (IOException e) {
            return Flux.just(line("ERR no such file"));
        }
    }

    /// Sends `OK LENGTH`, then the first `length` bytes of `file`. Fails if the file is shorter, which ends the connection.
    private static Flux<ByteBuffer> bytes(Trale trale, Path file, long length) {
        AtomicLong left = new AtomicLong(length);
        return Flux.concat(Mono.just(line("OK " + length)),
                trale.read(file, ReadOptions.defaults().length(length))
                        .doOnNext(chunk -> left.addAndGet(-chunk.remaining())),
                Mono.defer(() -> left.get() == 0 ? Mono.empty()
                        : Mono.error(new EOFException(file + " ends " + left + " bytes before its length"))));
    }

    private static ByteBuffer line(String text) {
        return ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
}

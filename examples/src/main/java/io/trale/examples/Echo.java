package io.trale.examples;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Connection;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.TlsOptions;
import io.trale.task.Executor;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/// An echo server, implemented in five styles.
@Command(name = "echo",
        description = "An echo server: sends back all data of each client, until it is interrupted.")
final class Echo implements Callable<Integer> {

    /// The implementation to run.
    enum Style { flux, inplace, lease, core, await }

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7000",
            description = "TCP port to listen on, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--style", paramLabel = "STYLE", defaultValue = "flux",
            description = "The implementation, one of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}): a pipeline of "
                    + "byte buffers; bytes read in place; leases, without a copy; futures of the core; async and await.")
    private Style style;

    @Option(names = "--tls", description = "Encrypt; not with the styles core and await. "
            + "Try: openssl s_client -quiet -connect localhost:7000.")
    private boolean tls;

    @Mixin
    private Keys keys;

    @Override
    public Integer call() throws Exception {
        int port = Ports.checked(spec, this.port);
        PrintWriter out = spec.commandLine().getOut();
        if (tls && (style == Style.core || style == Style.await)) {
            throw new ParameterException(spec.commandLine(), "--tls is not for the style " + style);
        }
        ServeOptions options = tls ? ServeOptions.defaults().tls(TlsOptions.of(keys.context())) : ServeOptions.defaults();
        switch (style) {
            case flux -> Servers.run(trale -> trale.serve(port, c -> c.send(c.receive()), options), out);
            case inplace -> Servers.run(trale -> trale.serve(port, Echo::inPlace, options), out);
            case lease -> Servers.run(trale -> trale.serve(port, c -> c.sendLeases(c.receiveLeases()), options), out);
            case core -> Executor.blockOn(EchoServer.on(port, EchoTask::new, out));
            case await -> Executor.blockOn(EchoServer.on(port, EchoServer::echo, out));
        }
        return 0;
    }

    /// Copies the bytes from the kernel's buffer to a reused heap buffer.
    private static Mono<Void> inPlace(Connection c) {
        Deque<ByteBuffer> spare = new ArrayDeque<>();
        return c.send(c.receiveWith(segment -> copy(segment, spare.poll())), spare::push);
    }

    private static ByteBuffer copy(MemorySegment segment, ByteBuffer spare) {
        int size = (int) segment.byteSize();
        ByteBuffer copy = spare != null && spare.capacity() >= size ? spare.clear() : ByteBuffer.allocate(size);
        MemorySegment.copy(segment, JAVA_BYTE, 0, copy.array(), 0, size);
        return copy.limit(size);
    }
}

package io.trale.examples;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Connection;
import io.trale.task.Executor;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/// An echo server, written in five ways; the first is all there is to the line that says so.
@Command(name = "echo",
        description = "Echo server: sends back whatever a client sends, until it is interrupted.")
final class Echo implements Callable<Integer> {

    /// How the server is written.
    enum Style { flux, inplace, lease, core, await }

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7000",
            description = "TCP port to listen on, 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = "--style", paramLabel = "STYLE", defaultValue = "flux",
            description = "How it is written, one of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}): as a pipeline of "
                    + "byte buffers, with the bytes read in place, with leases and no copy, on the futures of the core, or in "
                    + "async and await.")
    private Style style;

    @Override
    public Integer call() throws Exception {
        int port = Ports.checked(spec, this.port);
        PrintWriter out = spec.commandLine().getOut();
        switch (style) {
            case flux -> Servers.run(trale -> trale.serve(port, c -> c.send(c.receive())), out);
            case inplace -> Servers.run(trale -> trale.serve(port, Echo::inPlace), out);
            case lease -> Servers.run(trale -> trale.serve(port, c -> c.sendLeases(c.receiveLeases())), out);
            case core -> Executor.blockOn(EchoServer.on(port, EchoTask::new, out));
            case await -> Executor.blockOn(EchoServer.on(port, EchoServer::echo, out));
        }
        return 0;
    }

    /// The bytes stay in the kernel's buffer until `copy` has them in one that was used before.
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

package io.trale.examples.web;

import io.trale.examples.Ports;
import io.trale.examples.Root;
import io.trale.net.TcpListener;
import io.trale.task.Executor;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Serves the files of a directory over HTTP.
@Command(name = "web-server",
        description = "A web server for the files of a directory. Try: curl http://localhost:8080/.")
public final class WebServer implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8080",
            description = "TCP port to listen on, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(names = {"-v", "--verbose"}, description = "Log connections and requests.")
    private boolean verbose;

    @Parameters(paramLabel = "DIR", description = "The directory to serve; / is DIR/index.html.")
    private Path directory;

    /// For picocli.
    public WebServer() {}

    @Override
    public Integer call() throws Exception {
        InetSocketAddress address = new InetSocketAddress(Ports.checked(spec, port));
        if (!Files.isDirectory(directory)) {
            throw new ParameterException(spec.commandLine(), directory + " is not a directory");
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Site site = new Site(new Root(directory));
        try (Executor lookups = Executor.start("lookups")) {
            TcpListener listener = TcpListener.bind(address);
            out.println("listening on port " + listener.localAddress().getPort());
            Executor.blockOn(new HttpServer(listener, site, lookups, Limits.DEFAULT, verbose ? err::println : line -> {},
                    err::println).serve());
        }
        return 0;
    }
}

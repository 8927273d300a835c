package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.net.TcpStream;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// A TCP client that echoes all data of its server. Try it with `nc -l 5000`.
@Command(name = "tcp",
        description = "A TCP client that echoes all data of its server. Try: nc -l 5000.")
final class Tcp implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "5000",
            description = "TCP port on this host to connect to (default: ${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), Ports.checked(spec, port));
        Executor.spawn(Hellos.upTo('C', out));
        JoinHandle<Integer> echo = Executor.spawn(async(() -> await(ByteEcho.on(await(TcpStream.connect(server))))));
        int bytes = echo.join();
        Executor.run();
        spec.commandLine().getErr().println("Conversation finished.  Read " + bytes + " bytes");
        return 0;
    }
}

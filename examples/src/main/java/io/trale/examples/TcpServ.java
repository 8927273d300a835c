package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.net.TcpListener;
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

/// A TCP server that accepts one connection and echoes its data. Try it with `nc 127.0.0.1 5000`.
@Command(name = "tcp-serv",
        description = "A TCP server that accepts one connection and echoes its data. Try: nc 127.0.0.1 5000.")
final class TcpServ implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "5000",
            description = "TCP port to listen on, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Ports.checked(spec, port));
        Executor.spawn(Hellos.upTo('D', out));
        JoinHandle<Integer> echo = Executor.spawn(async(() -> {
            TcpStream stream;
            try (TcpListener listener = TcpListener.bind(address)) { // for one connection only
                out.println("Waiting for connection on 127.0.0.1:" + listener.localAddress().getPort());
                stream = await(listener.accept());
            }
            return await(ByteEcho.on(stream));
        }));
        int bytes = echo.join();
        Executor.run();
        spec.commandLine().getErr().println("Conversation finished.  Read " + bytes + " bytes");
        return 0;
    }
}

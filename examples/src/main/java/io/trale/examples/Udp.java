package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.io.Buffer;
import io.trale.net.Datagram;
import io.trale.net.UdpSocket;
import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import io.trale.time.Timer;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// One task waits for a datagram, another sends it, a third goes on meanwhile.
@Command(name = "udp", mixinStandardHelpOptions = true,
        description = "One task waits for a datagram, another sends it, a third goes on meanwhile.")
final class Udp implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "9998",
            description = "UDP port of the receiver (default: ${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        InetSocketAddress receiver = new InetSocketAddress(InetAddress.getLoopbackAddress(), Ports.checked(spec, port));
        Executor.spawn(Hellos.upTo('C', out));

        JoinHandle<Void> receiving = Executor.spawn(async(() -> {
            try (UdpSocket socket = UdpSocket.bind(receiver); Buffer buffer = Buffer.allocate(1500)) {
                Datagram<InetSocketAddress> datagram = await(socket.receive(buffer));
                out.println("Received " + datagram.length() + " bytes from " + datagram.sender().getHostString());
            }
        }));
        JoinHandle<Void> sending = Executor.spawn(async(() -> {
            try (UdpSocket socket = UdpSocket.bind(new InetSocketAddress(receiver.getAddress(), 0));
                    Buffer buffer = Buffer.allocate(20)) {
                buffer.segment().fill((byte) 0xad);
                await(Timer.sleep(Duration.ofSeconds(1)));
                int length = await(socket.sendTo(buffer, 0, buffer.capacity(), receiver));
                out.println("Sent " + length + " bytes");
            }
        }));
        sending.join();
        receiving.join();
        Executor.run();
        return 0;
    }
}

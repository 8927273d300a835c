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

/// One task waits for a datagram, another sends it, and a third runs concurrently.
@Command(name = "udp",
        description = "One task waits for a datagram, another sends it, and a third runs concurrently.")
final class Udp implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "9998",
            description = "UDP port of the receiver, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        InetAddress host = InetAddress.getLoopbackAddress();
        UdpSocket receiver = UdpSocket.bind(new InetSocketAddress(host, Ports.checked(spec, port)));
        Executor.spawn(Hellos.upTo('C', out));

        JoinHandle<Void> receiving = Executor.spawn(async(() -> {
            try (receiver; Buffer buffer = Buffer.allocate(1500)) {
                Datagram datagram = await(receiver.receive(buffer));
                InetSocketAddress sender = datagram.sender();
                out.println("Received " + datagram.length() + " bytes from " + sender.getHostString() + ":" + sender.getPort());
            }
        }));
        JoinHandle<Void> sending = Executor.spawn(async(() -> {
            try (UdpSocket socket = UdpSocket.bind(new InetSocketAddress(host, 0)); Buffer buffer = Buffer.allocate(20)) {
                buffer.segment().fill((byte) 0xad);
                await(Timer.sleep(Duration.ofSeconds(1)));
                int length = await(socket.sendTo(buffer, 0, buffer.capacity(), receiver.localAddress()));
                out.println("Sent " + length + " bytes");
            }
        }));
        sending.join();
        receiving.join();
        Executor.run();
        return 0;
    }
}

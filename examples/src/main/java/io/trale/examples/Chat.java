package io.trale.examples;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// A line-based chat server. [ChatRoom] has the logic.
@Command(name = "chat",
        description = "A chat server in which a slow client delays no other client. Try: nc localhost 7002, twice.")
final class Chat implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7002",
            description = "TCP port to listen on, 0 for any free port (default: ${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() {
        int port = Ports.checked(spec, this.port);
        ChatRoom room = new ChatRoom();
        Servers.run(trale -> trale.serve(port, room::enter), spec.commandLine().getOut());
        return 0;
    }
}

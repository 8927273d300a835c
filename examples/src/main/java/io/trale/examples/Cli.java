package io.trale.examples;

import io.trale.examples.web.WebServer;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command line of `./trale`: each example is a command.
///
/// Whatever goes wrong is one line on stderr, and an exit status that is not 0: 2 for a bad argument, 1 for the rest.
@Command(name = "trale", mixinStandardHelpOptions = true, version = "trale 0.1.0", scope = ScopeType.INHERIT,
        description = "An io_uring executor for the JVM, and Reactive Streams on top of it.",
        synopsisSubcommandLabel = "COMMAND", subcommands = {
            Demo.class, Doctor.class, Backpressure.class, Ticker.class, Echo.class, Proxy.class, Chat.class, FileServer.class,
            Tail.class, Recorder.class, Upper.class, TimerExample.class, SubTasks.class, Udp.class, Tcp.class, TcpServ.class,
            WebServer.class, Torture.class, HelpCommand.class})
public final class Cli implements Runnable {

    private Cli() {}

    /// Runs one command and exits with its status.
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true);
        PrintWriter err = new PrintWriter(System.err, true);
        int status = execute(out, err, args);
        if (out.checkError()) { // which print keeps to itself
            err.println("trale: not all that was printed could be written");
            status = Math.max(status, 1);
        }
        System.exit(status);
    }

    /// Runs one command; returns its exit status.
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        CommandLine cli = new CommandLine(new Cli());
        cli.setOut(out);
        cli.setErr(err);
        cli.setCaseInsensitiveEnumValuesAllowed(true);
        cli.setUsageHelpWidth(110);
        cli.getSubcommands().get("help").getCommandSpec().usageMessage().header(new String[0])
                .description("What a command is for, and what it takes: the same as COMMAND --help.");
        cli.setParameterExceptionHandler(Cli::badArgument);
        cli.setExecutionExceptionHandler((failure, command, parsed) -> {
            command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + message(failure));
            return 1;
        });
        return cli.execute(args);
    }

    private static int badArgument(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println(name + ": " + problem(e) + " (try: ./" + name + " --help)");
        return 2;
    }

    private static String problem(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
            boolean isCommand = e.getCommandLine().getParent() == null;
            return (isCommand ? "no such command: " : "unexpected argument: ") + unmatched.getUnmatched().getFirst();
        }
        return e.getMessage().lines().findFirst().orElse("bad argument");
    }

    /// What went wrong, in one line.
    private static String message(Throwable failure) {
        Throwable cause = reactor.core.Exceptions.unwrap(failure);
        String text = cause.getMessage() != null ? cause.getMessage() : cause.toString();
        return text.lines().findFirst().orElse(cause.toString());
    }

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /// With no command: the list of commands.
    @Override
    public void run() {
        spec.commandLine().getOut().println("Usage: ./trale COMMAND [--help]");
        spec.subcommands().forEach((name, command) -> spec.commandLine().getOut()
                .printf("  %-12s %s%n", name, command.getCommandSpec().usageMessage().description()[0]));
    }
}

package io.trale.examples;

import io.trale.examples.web.WebServer;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command line of `./trale`: each example is a command.
///
/// An error is reported as one line on stderr. The exit status is 2 for a bad argument and 1 for any other error.
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
        Stdout stdout = new Stdout();
        PrintWriter out = new PrintWriter(new OutputStreamWriter(stdout, System.out.charset()), true);
        PrintWriter err = new PrintWriter(System.err, true);
        int status = execute(out, err, args);
        out.flush();
        if (stdout.failure != null) {
            err.println("trale: cannot write to stdout: " + stdout.failure.getMessage());
            status = Math.max(status, 1);
        }
        System.exit(status);
    }

    /// Stdout. Keeps the exception of a failed write, which `PrintWriter` hides.
    private static final class Stdout extends FileOutputStream {
        IOException failure;

        Stdout() {
            super(FileDescriptor.out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                super.write(bytes, offset, length);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }
    }

    /// Runs one command; returns its exit status.
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        CommandLine cli = new CommandLine(new Cli());
        cli.setOut(out);
        cli.setErr(err);
        cli.setCaseInsensitiveEnumValuesAllowed(true);
        cli.setUsageHelpWidth(110);
        cli.getSubcommands().get("help").getCommandSpec().usageMessage().header(new String[0])
                .description("Prints the purpose and the options of a command, as COMMAND --help does.");
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

    /// The error message of `failure`, in one line.
    private static String message(Throwable failure) {
        Throwable cause = reactor.core.Exceptions.unwrap(failure);
        String text = cause.getMessage() != null ? cause.getMessage() : cause.toString();
        return text.lines().findFirst().orElse(cause.toString());
    }

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /// Without a command, prints the list of commands.
    @Override
    public void run() {
        spec.commandLine().getOut().println("Usage: ./trale COMMAND [--help]");
        spec.subcommands().forEach((name, command) -> spec.commandLine().getOut()
                .printf("  %-12s %s%n", name, command.getCommandSpec().usageMessage().description()[0]));
    }
}

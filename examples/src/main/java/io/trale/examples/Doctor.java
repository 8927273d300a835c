package io.trale.examples;

import io.trale.doctor.Diagnosis;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Says whether trale can run here; the exit status says it too.
@Command(name = "doctor",
        description = "What trale can use here, what stands in for the rest, and what to do about it.",
        footer = {"", "The exit status is 0 if trale can run here, be it with fallbacks, and 1 if it cannot."})
final class Doctor implements Callable<Integer> {

    private static final Map<String, String> STYLES = Map.of("used", "green", "fallback", "yellow", "missing", "bold,red");

    @Spec
    private CommandSpec spec;

    private final Supplier<Diagnosis> examination;

    Doctor() {
        this(io.trale.doctor.Doctor::examine);
    }

    Doctor(Supplier<Diagnosis> examination) {
        this.examination = examination;
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        boolean terminal = System.console() != null && System.console().isTerminal();
        Ansi ansi = terminal ? Ansi.AUTO : Ansi.OFF;
        Diagnosis diagnosis = examination.get();
        diagnosis.lines().forEach(line -> out.println(painted(line, ansi)));
        if (diagnosis.isHealthy()) {
            out.println(diagnosis.summary());
            return 0;
        }
        spec.commandLine().getErr().println(spec.qualifiedName() + ": " + diagnosis.summary());
        return 1;
    }

    /// `line`, with a colour for the state that it begins with.
    static String painted(String line, Ansi ansi) {
        String state = line.substring(0, Math.max(0, line.indexOf(' ')));
        String style = STYLES.get(state);
        return style == null ? line : ansi.string("@|" + style + " " + state + "|@") + line.substring(state.length());
    }
}

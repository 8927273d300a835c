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

/// Reports whether trale can run here, also with the exit status.
@Command(name = "doctor",
        description = "Reports which features trale can use here, the fallbacks, and recommended changes.",
        footer = {"", "The exit status is 0 if trale can run here, with or without fallbacks, and 1 if it cannot."})
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

    /// `line` with its state, which is the first word, in colour.
    static String painted(String line, Ansi ansi) {
        String state = line.substring(0, Math.max(0, line.indexOf(' ')));
        String style = STYLES.get(state);
        return style == null ? line : ansi.string("@|" + style + " " + state + "|@") + line.substring(state.length());
    }
}

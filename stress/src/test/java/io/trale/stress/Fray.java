package io.trale.stress;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Runs one [Schedule] at a time under Fray, in a separate JVM: a JDK with instrumented classes, and two agents. The first
/// use creates that JDK from the running one.
final class Fray {

    /// The modules of the instrumented JDK: those that trale, Reactor and Fray need.
    private static final String MODULES = "java.base,java.instrument,java.logging,java.management,java.rmi,jdk.unsupported";
    private static final List<String> OPENED = List.of("java.lang", "java.lang.reflect", "java.io", "java.util",
            "java.util.concurrent.atomic", "sun.nio.ch");

    /// Time beyond the time of a run: for the start of the JVM and for the last schedule.
    private static final int GRACE_SECONDS = 120;
    private static final int JLINK_SECONDS = 900;

    /// The algorithm that chooses a schedule. Each finds faults that the other does not find.
    enum Order { POS, RANDOM }

    /// The result of a run; `failure` is null if no check failed.
    record Result(String summary, String failure) {}

    private final String classPath = System.getProperty("java.class.path");
    private final Path directory;
    private final Path jdk;
    private final Path agentLibrary;

    /// Uses the JDK in `directory`; creates it if it does not exist.
    Fray(Path directory) throws IOException, InterruptedException {
        this.directory = directory;
        jdk = directory.resolve("jdk");
        agentLibrary = directory.resolve("libjvmti.so");
        Files.createDirectories(directory);
        try (InputStream library = Fray.class.getResourceAsStream("/libjvmti.so")) {
            Files.copy(library, agentLibrary, StandardCopyOption.REPLACE_EXISTING);
        }
        if (!Files.exists(jdk)) {
            makeJdk();
        }
    }

    /// The jar of the class path whose name starts with `name`.
    private String jar(String name) {
        return Stream.of(classPath.split(File.pathSeparator)).filter(entry -> new File(entry).getName().startsWith(name))
                .findFirst().orElseThrow(() -> new AssertionError(name + " is not in " + classPath));
    }

    private void makeJdk() throws IOException, InterruptedException {
        String agent = jar("fray-instrumentation-jdk");
        String path = Stream.of("fray-instrumentation-jdk", "fray-instrumentation-base", "fray-runtime", "kotlin-stdlib",
                "kotlin-reflect", "asm-9", "asm-tree", "asm-commons", "asm-util", "asm-analysis")
                .map(this::jar).collect(Collectors.joining(File.pathSeparator));
        Path made = directory.resolve("jdk.new");
        String output = run(List.of(Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
                "-J-javaagent:" + agent, "-J--module-path=" + path, "-J--add-modules=org.pastalab.fray.instrumentation.jdk",
                "-J--class-path=" + path, "--output=" + made, "--add-modules=" + MODULES, "--fray-instrumentation"), JLINK_SECONDS);
        if (!Files.exists(made.resolve("bin", "java"))) {
            throw new AssertionError("jlink: " + output);
        }
        Files.move(made, jdk);
    }

    /// Runs the schedule `type` until it fails, at most for `seconds`. Classes in the directory `first`, if not null,
    /// replace those of the class path.
    Result run(Class<?> type, Order order, int seconds, Path first) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(jdk.resolve("bin", "java").toString(), "-ea:io.trale...", "-Xmx1g",
                "-XX:+UseSerialGC", "-javaagent:" + jar("fray-instrumentation-agent"), "-agentpath:" + agentLibrary,
                "--enable-native-access=ALL-UNNAMED"));
        OPENED.forEach(name -> command.add("--add-opens=java.base/" + name + "=ALL-UNNAMED"));
        command.addAll(List.of("-cp", first == null ? classPath : first + File.pathSeparator + classPath,
                FrayMain.class.getName(), type.getName(), order.name().toLowerCase(), "" + seconds,
                directory.resolve("report").toString()));
        List<String> lines = run(command, seconds + GRACE_SECONDS).lines().toList();
        int begin = 0;
        while (begin < lines.size() && !lines.get(begin).endsWith(" schedules")) {
            begin++;
        }
        if (begin == lines.size()) {
            throw new AssertionError("Fray did not run: " + lines);
        }
        String failure = begin + 1 == lines.size() ? null : String.join("\n", lines.subList(begin + 1, lines.size()));
        return new Result(lines.get(begin), failure);
    }

    /// Runs `command` and returns its output. Kills it and fails after `seconds`.
    private static String run(List<String> command, int seconds) throws IOException, InterruptedException {
        Path output = Files.createTempFile("fray", ".txt");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                throw new AssertionError("still running after " + seconds + " s: " + command);
            }
            return Files.readString(output);
        } finally {
            process.destroyForcibly();
            Files.delete(output);
        }
    }
}

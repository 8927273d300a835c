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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Runs one [Schedule] at a time under Fray, in a separate JVM: a JDK with instrumented classes, and two agents. The first
/// use creates that JDK from the running one.
final class Fray {

    /// The modules of the instrumented JDK: those that trale, Reactor and Fray need.
    private static final String MODULES = "java.base,java.instrument,java.logging,java.management,java.rmi,jdk.unsupported";
    private static final List<String> OPENED = List.of("java.lang", "java.lang.reflect", "java.io", "java.util",
            "java.util.concurrent.atomic", "sun.nio.ch");

    /// Platform threads in place of virtual threads, which Fray does not control.
    private static final List<Change> STAND_INS = List.of(
            new Change("reactive.loop.Loop", "Thread.startVirtualThread(", "Thread.ofPlatform().start("),
            new Change("reactor.CurrentReactor", "thread.isVirtual() ? BLOCKS.get(thread) : null", "BLOCKS.get(thread)"),
            new Change("task.Coroutine", "thread = Thread.ofVirtual()", "thread = Thread.ofPlatform()"),
            new Change("task.Coroutine",
                    "((Thread.Builder.OfVirtual) BUILDER.invokeExact((Executor) this)) .inheritInheritableThreadLocals(false)"
                            + ".unstarted(body);", "new VirtualStandIn(this, body);"),
            new Change("task.Coroutine", "DEFAULT_SCHEDULER = defaultScheduler();",
                    "DEFAULT_SCHEDULER = action -> Thread.ofPlatform().start(action);"),
            new Change("task.Coroutine", "LockSupport.unpark(thread); } Runnable",
                    "VirtualStandIn.unpark(thread); } Runnable"),
            new Change("task.Coroutine", "void suspend() { LockSupport.park(); }",
                    "void suspend() { VirtualStandIn.park(); }"));

    private static final int JLINK_SECONDS = 900;
    /// Each schedule gets a second more.
    private static final int START_SECONDS = 600;

    /// The last line of a run: the number of schedules, the failure, and its seed.
    private static final Pattern SUMMARY = Pattern.compile("\\d+ schedules, (.*), (?:first )?seed (-?\\d+)\\s*+\\z");

    /// The result of a run. `seed` is that of the schedule that failed, else of the first.
    record Result(boolean failed, String seed, String summary, String output) {}

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

    /// Compiles what [#run] replaces: stand-ins, and `more`.
    static void compile(Path directory, Change... more) throws IOException {
        Change.compile(directory, Stream.concat(STAND_INS.stream(), Stream.of(more)).toList());
    }

    /// Runs the schedules of `type` with the seeds from `seed` on until one fails, `count` at most. Classes in the directory
    /// `first` replace those of the class path.
    Result run(Class<?> type, long seed, int count, Path first) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(jdk.resolve("bin", "java").toString(), "-ea:io.trale...", "-Xmx300m",
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-javaagent:" + jar("fray-instrumentation-agent"),
                "-agentpath:" + agentLibrary, "--enable-native-access=ALL-UNNAMED"));
        OPENED.forEach(name -> command.add("--add-opens=java.base/" + name + "=ALL-UNNAMED"));
        Path reports = Files.createTempDirectory(directory, type.getSimpleName());
        command.addAll(List.of("-cp", first + File.pathSeparator + classPath, FrayMain.class.getName(), type.getName(), "" + seed,
                "" + count, reports.toString()));
        String output = run(command, START_SECONDS + count);
        Matcher summary = SUMMARY.matcher(output);
        if (!summary.find()) {
            throw new AssertionError("Fray did not run: " + output);
        }
        return new Result(!summary.group(1).equals(FrayMain.NO_FAILURE), summary.group(2), summary.group().strip(), output);
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

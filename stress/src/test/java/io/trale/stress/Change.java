package io.trale.stress;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;

/// A change of the source of the class `type` of the package `io.trale`: `other` in place of `real`, which must occur once. White space and line
/// comments in between are ignored.
record Change(String type, String real, String other) {

    private static final List<Path> SOURCES = List.of(
            Path.of("..", "trale-core", "src", "main", "java"), Path.of("..", "trale-reactive", "src", "main", "java"));

    /// The change that makes a broken twin.
    static Change of(Twin twin) {
        return new Change(twin.of(), twin.real(), twin.broken());
    }

    /// Compiles the classes that `changes` change to `directory`.
    static void compile(Path directory, List<Change> changes) throws IOException {
        Map<Path, String> changed = new LinkedHashMap<>();
        for (Change change : changes) {
            Path file = Path.of("io", "trale", change.type.replace('.', File.separatorChar) + ".java");
            String before = changed.containsKey(file) ? changed.get(file) : read(file);
            changed.put(file, change.apply(before));
        }
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-nowarn", "-cp",
                System.getProperty("java.class.path"), "-d", directory.toString()));
        for (Map.Entry<Path, String> source : changed.entrySet()) {
            Path file = directory.resolve("src").resolve(source.getKey());
            Files.createDirectories(file.getParent());
            Files.writeString(file, source.getValue());
            arguments.add(file.toString());
        }
        if (ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)) != 0) {
            throw new AssertionError("does not compile: " + changes);
        }
    }

    private static String read(Path file) throws IOException {
        return Files.readString(SOURCES.stream().map(sources -> sources.resolve(file)).filter(Files::exists).findFirst().orElseThrow());
    }

    private String apply(String source) {
        Pattern pattern = Pattern.compile(Arrays.stream(real.strip().split("\\s+")).map(Pattern::quote)
                .collect(Collectors.joining("(?:\\s++|//.*\\R)++")));
        long count = pattern.matcher(source).results().count();
        if (count != 1) {
            throw new AssertionError("occurs " + count + " times in " + type + ", must occur once: " + real);
        }
        return pattern.matcher(source).replaceFirst(Matcher.quoteReplacement(other));
    }
}

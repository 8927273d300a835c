package io.trale.stress;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;

/// Creates broken twins: changes the source of a class in one place and compiles it.
final class BrokenTwin {

    private static final List<Path> SOURCES = List.of(
            Path.of("..", "trale-core", "src", "main", "java"), Path.of("..", "trale-reactive", "src", "main", "java"));

    private BrokenTwin() {}

    /// Compiles `twin` to `directory`.
    static void compile(Twin twin, Path directory) throws IOException {
        String file = twin.of().getName().replace('.', '/') + ".java";
        Path real = SOURCES.stream().map(sources -> sources.resolve(file)).filter(Files::exists).findFirst().orElseThrow();
        Path broken = directory.resolve("src").resolve(file);
        Files.createDirectories(broken.getParent());
        Files.writeString(broken, breakSource(Files.readString(real), twin));
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none",
                "-cp", System.getProperty("java.class.path"), "-d", directory.toString(), broken.toString());
        if (status != 0) {
            throw new AssertionError("twin does not compile: " + broken);
        }
    }

    private static String breakSource(String source, Twin twin) {
        Pattern real = Pattern.compile(Arrays.stream(twin.real().strip().split("\\s+")).map(Pattern::quote)
                .collect(Collectors.joining("(?:\\s++|//.*\\R)++")));
        long count = real.matcher(source).results().count();
        if (count != 1) {
            throw new AssertionError("occurs " + count + " times in " + twin.of().getName() + ", must occur once: "
                    + twin.real());
        }
        return real.matcher(source).replaceFirst(Matcher.quoteReplacement(twin.broken()));
    }
}

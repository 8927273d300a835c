package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Checks that the code that the module `stress` replaces exists. Its profiles would find that too, but run rarely.
class TwinsTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final List<Path> SOURCES = Stream.of("trale-core", "trale-reactive")
            .map(module -> ROOT.resolve(module).resolve("src/main/java/io/trale")).toList();

    /// A text block, or a string.
    private static final String LITERAL = "(?:\"\"\"(?s:.*?)\"\"\"|\"(?:\\\\.|[^\"\\\\])*+\")";
    /// The first two arguments of a `Change`, or the elements `of` and `real` of a `Twin`.
    private static final Pattern CHANGE = Pattern.compile(
            "(?:\\bof = |new Change\\()\"([\\w.]+)\",\\s*(?:real = )?(" + LITERAL + "(?:\\s*\\+\\s*" + LITERAL + ")*+)");

    @Test
    void replacedCodeOccursOnce() throws IOException {
        List<String> wrong = new ArrayList<>();
        int changes = 0;
        for (Path file : files(ROOT.resolve("stress/src"))) {
            for (Matcher change = CHANGE.matcher(Files.readString(file)); change.find(); changes++) {
                String real = Pattern.compile(LITERAL).matcher(change.group(2)).results()
                        .map(literal -> content(literal.group())).collect(Collectors.joining()).translateEscapes();
                long count = count(real, change.group(1));
                if (count != 1) {
                    wrong.add(ROOT.relativize(file) + ": occurs " + count + " times in " + change.group(1) + ": " + real);
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(changes).as("changes found").isGreaterThan(50);
    }

    private static String content(String literal) {
        int quotes = literal.startsWith("\"\"\"") ? 3 : 1;
        return literal.substring(quotes, literal.length() - quotes);
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static long count(String code, String type) throws IOException {
        Pattern pattern = Pattern.compile(Arrays.stream(code.strip().split("\\s+")).map(Pattern::quote)
                .collect(Collectors.joining("(?:\\s++|//.*\\R)++")));
        String file = type.replace('.', '/') + ".java";
        for (Path sources : SOURCES) {
            if (Files.exists(sources.resolve(file))) {
                return pattern.matcher(Files.readString(sources.resolve(file))).results().count();
            }
        }
        return 0;
    }
}

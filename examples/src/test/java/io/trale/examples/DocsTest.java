package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Checks the documentation: code after `<!-- from: FILE -->` must occur in that file, apart from indentation, and every
/// link to a file of the project must have a target.
class DocsTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern QUOTE = Pattern.compile("<!-- from: (\\S+) -->\\s*```java\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern FENCE = Pattern.compile("```java\\n");
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#\\s]+)");
    private static final Pattern PACKAGE = Pattern.compile("\\| (\\d+) \\| \\[[\\w.]+]\\((\\S+)\\)");
    private static final Pattern UNREAD = Pattern.compile("(import |package ).*|\\s*");

    @TestFactory
    Stream<DynamicTest> quotedCodeIsInItsSource() {
        return pages().map(page -> DynamicTest.dynamicTest(ROOT.relativize(page).toString(), () -> {
            String text = Files.readString(page);
            Matcher quote = QUOTE.matcher(text);
            int quotes = 0;
            while (quote.find()) {
                quotes++;
                String source = stripped(Files.readString(ROOT.resolve(quote.group(1))));
                assertThat(source).as("%s quotes %s", page, quote.group(1)).contains(stripped(quote.group(2)));
            }
            assertThat(FENCE.matcher(text).results().count()).as("java fences of %s that name no source", page)
                    .isEqualTo(quotes);
        }));
    }

    @TestFactory
    Stream<DynamicTest> linksHaveATarget() {
        return pages().map(page -> DynamicTest.dynamicTest(ROOT.relativize(page).toString(), () -> {
            Matcher link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                assertThat(page.resolveSibling(link.group(1)).normalize()).exists();
            }
        }));
    }

    /// Lines without imports and blank lines, with a tolerance of a fifth.
    @Test
    void theReadingGuideStatesTheSizesOfPackages() throws IOException {
        String guide = Files.readString(ROOT.resolve("docs/README.md"));
        Matcher row = PACKAGE.matcher(guide.substring(guide.indexOf("| lines |")));
        int rows = 0;
        while (row.find()) {
            rows++;
            long lines = lines(ROOT.resolve("docs").resolve(row.group(2)));
            assertThat((double) lines).as(row.group(2)).isCloseTo(Integer.parseInt(row.group(1)), Percentage.withPercentage(20));
        }
        assertThat(rows).isEqualTo(23);
    }

    private static long lines(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            long lines = 0;
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                lines += Files.readAllLines(file).stream().filter(line -> !UNREAD.matcher(line).matches()).count();
            }
            return lines;
        }
    }

    @Test
    void aChangedLineIsDetected() {
        assertThat(stripped("a\n    b\n  c\n")).contains(stripped("  b\nc\n")).doesNotContain(stripped("b\nd\n"));
    }

    private static Stream<Path> pages() {
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            List<Path> pages = docs.filter(p -> p.toString().endsWith(".md")).sorted().toList();
            return Stream.concat(Stream.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")), pages.stream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The lines without their indentation.
    private static String stripped(String code) {
        return code.lines().map(String::strip).reduce("", (a, b) -> a + b + "\n");
    }
}

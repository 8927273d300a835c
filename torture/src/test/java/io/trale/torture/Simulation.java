package io.trale.torture;

import io.trale.testing.Seeds;
import io.trale.torture.Tally.Count;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Runs the scenarios of the schedule tests of all modules on the simulated kernel: all scenarios for a seed, then the next
/// seed.
final class Simulation {

    private static final String ROOT = "io/trale/";
    private static final String SUFFIX = "ScheduleTest.class";

    private final Tally tally;
    private final List<Method> tests = new ArrayList<>();
    private Iterator<Method> next;
    private long seed;

    /// Finds the scenarios; `seed` is the first seed.
    Simulation(long seed, Tally tally) throws IOException, ReflectiveOperationException {
        this.seed = seed;
        this.tally = tally;
        for (URL url : Collections.list(Simulation.class.getClassLoader().getResources(ROOT))) {
            find(url);
        }
        next = tests.iterator();
    }

    private void find(URL url) throws IOException, ReflectiveOperationException {
        try {
            URI uri = url.toURI();
            if (uri.getScheme().equals("jar")) {
                try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
                    add(jar.getPath(ROOT));
                }
            } else {
                add(Path.of(uri));
            }
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private void add(Path root) throws IOException, ReflectiveOperationException {
        List<String> files;
        try (Stream<Path> all = Files.walk(root)) {
            files = all.map(file -> root.relativize(file).toString()).filter(file -> file.endsWith(SUFFIX)).sorted().toList();
        }
        for (String file : files) {
            Class<?> type = Class.forName((ROOT + file.substring(0, file.length() - ".class".length())).replace('/', '.'));
            Arrays.stream(type.getDeclaredMethods()).filter(method -> method.isAnnotationPresent(Test.class))
                    .forEach(tests::add);
        }
    }

    /// The number of tests. Some of them may not be seeded.
    int tests() {
        return tests.size();
    }

    /// The current seed.
    long seed() {
        return seed;
    }

    /// Runs the next scenario. If it was the last one for this seed, advances to the next seed and returns true.
    boolean step() throws Exception {
        Method test = next.next();
        int runs = Seeds.once(seed, () -> invoke(test));
        if (runs == 0) {
            next.remove(); // it is not seeded
        }
        tally.add(Count.SCHEDULES, runs);
        if (next.hasNext()) {
            return false;
        }
        next = tests.iterator();
        seed++;
        return true;
    }

    private static Void invoke(Method test) throws Exception {
        try {
            Constructor<?> constructor = test.getDeclaringClass().getDeclaredConstructor();
            constructor.setAccessible(true);
            test.setAccessible(true);
            test.invoke(constructor.newInstance());
            return null;
        } catch (InvocationTargetException e) {
            switch (e.getCause()) {
                case Exception exception -> throw exception;
                case Error error -> throw error;
                default -> throw e;
            }
        }
    }
}

package io.trale.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Reads compiled classes, for tests of the rules that the source files keep.
///
/// The constant pool of a class has each name, descriptor and generic signature that the class uses.
public final class ClassFiles {

    private static final Pattern OWN = Pattern.compile("io/trale/([\\w/]*\\b[A-Z]\\w*)");
    private static final Pattern TEST = Pattern.compile("Lorg/junit/jupiter/.*(Test|TestFactory);");

    private ClassFiles() {}

    /// The classes below `directory`, without the descriptors of modules and packages.
    public static List<ClassModel> in(String directory) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(directory))) {
            return files.filter(file -> file.toString().endsWith(".class") && !file.toString().endsWith("-info.class"))
                    .map(ClassFiles::parse).toList();
        }
    }

    /// Parses one class.
    public static ClassModel parse(Path file) {
        try {
            return ClassFile.of().parse(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- circles

    /// The circles of the source files of `classes`: the largest sets of files each of which uses every other, directly or not.
    /// Names are relative to `io/trale`. That a sealed class names its subclasses does not count.
    public static Set<Set<String>> circles(List<ClassModel> classes) {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (ClassModel model : classes) {
            uses.computeIfAbsent(file(model.thisClass().asInternalName()), name -> new TreeSet<>()).addAll(usedFiles(model));
        }
        Map<String, Set<String>> reached = new HashMap<>();
        uses.keySet().forEach(file -> reached.put(file, reached(file, uses)));
        Set<Set<String>> circles = new HashSet<>();
        for (String file : uses.keySet()) {
            Set<String> circle = new TreeSet<>(reached.get(file));
            circle.removeIf(other -> !reached.getOrDefault(other, Set.of()).contains(file));
            if (circle.size() > 1) {
                circles.add(circle);
            }
        }
        return circles;
    }

    private static Set<String> reached(String from, Map<String, Set<String>> uses) {
        Set<String> reached = new TreeSet<>();
        ArrayDeque<String> open = new ArrayDeque<>(Set.of(from));
        while (!open.isEmpty()) {
            for (String used : uses.getOrDefault(open.remove(), Set.of())) {
                if (reached.add(used)) {
                    open.add(used);
                }
            }
        }
        return reached;
    }

    private static Set<String> usedFiles(ClassModel model) {
        Set<String> files = new TreeSet<>();
        model.constantPool().forEach(entry -> {
            if (entry instanceof Utf8Entry text) {
                OWN.matcher(text.stringValue()).results().forEach(match -> files.add(match.group(1)));
            }
        });
        model.findAttribute(Attributes.permittedSubclasses()).ifPresent(permitted ->
                permitted.permittedSubclasses().forEach(type -> files.remove(file(type.asInternalName()))));
        files.remove(file(model.thisClass().asInternalName()));
        return files;
    }

    private static String file(String internalName) {
        return internalName.replaceFirst("^io/trale/", "").replaceFirst("\\$.*", "");
    }

    // ---- names of tests

    /// The JUnit tests whose names have more than `most` characters.
    public static List<String> testNamesLongerThan(int most, List<ClassModel> classes) {
        return classes.stream().flatMap(model -> model.methods().stream().filter(ClassFiles::isTest)
                .map(method -> method.methodName().stringValue()).filter(name -> name.length() > most)
                .map(name -> file(model.thisClass().asInternalName()) + "#" + name)).sorted().toList();
    }

    private static boolean isTest(MethodModel method) {
        return method.findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
                .flatMap(annotations -> annotations.annotations().stream())
                .anyMatch(annotation -> TEST.matcher(annotation.className().stringValue()).matches());
    }
}

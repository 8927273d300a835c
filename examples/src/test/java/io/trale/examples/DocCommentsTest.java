package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Checks that every package, public type, public method and public constructor of the libraries has a doc comment.
/// Overrides and compact constructors of records need none.
class DocCommentsTest {

    private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

    /// Collects the names of declarations without a comment.
    private static final class Uncommented extends TreePathScanner<Void, List<String>> {

        private final DocTrees docs;
        private final CompilationUnitTree unit;

        Uncommented(DocTrees docs, CompilationUnitTree unit) {
            this.docs = docs;
            this.unit = unit;
        }

        @Override
        public Void visitClass(ClassTree type, List<String> found) {
            if (isPublic(type.getModifiers())) {
                check(type.getSimpleName().toString(), found);
                super.visitClass(type, found);
            }
            return null;
        }

        @Override
        public Void visitMethod(MethodTree method, List<String> found) {
            boolean overrides = method.getModifiers().getAnnotations().stream()
                    .anyMatch(annotation -> annotation.getAnnotationType().toString().equals("Override"));
            if (isPublic(method.getModifiers()) && !overrides && !isCompact(method)) {
                check(method.getName().toString(), found);
            }
            return null;
        }

        /// True if the declaration is public or a member of an interface. The scan visits members of public types only.
        private boolean isPublic(ModifiersTree modifiers) {
            Set<Modifier> flags = modifiers.getFlags();
            TreePath around = getCurrentPath().getParentPath();
            boolean ofInterface = around.getLeaf().getKind() == Tree.Kind.INTERFACE && !flags.contains(Modifier.PRIVATE);
            return flags.contains(Modifier.PUBLIC) || flags.contains(Modifier.PROTECTED) || ofInterface;
        }

        private boolean isCompact(MethodTree method) {
            return getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.RECORD && method.getReturnType() == null;
        }

        private void check(String name, List<String> found) {
            if (docs.getDocCommentTree(getCurrentPath()) == null) {
                long position = docs.getSourcePositions().getStartPosition(unit, getCurrentPath().getLeaf());
                found.add(unit.getSourceFile().getName() + ":" + unit.getLineMap().getLineNumber(position) + " " + name);
            }
        }
    }

    private static List<String> uncommented(Iterable<? extends JavaFileObject> sources) throws IOException {
        JavacTask task = (JavacTask) COMPILER.getTask(null, null, null, null, null, sources);
        DocTrees docs = DocTrees.instance(task);
        List<String> found = new ArrayList<>();
        for (CompilationUnitTree unit : task.parse()) {
            if (unit.getPackage() != null && unit.getTypeDecls().isEmpty()
                    && docs.getDocCommentTree(TreePath.getPath(unit, unit.getPackage())) == null) {
                found.add(unit.getSourceFile().getName());
            }
            new Uncommented(docs, unit).scan(unit, found);
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(strings = {"trale-core", "trale-reactive"})
    void everythingPublicHasADocComment(String module) throws IOException {
        Path sources = Path.of("..", module, "src/main/java");
        List<Path> files;
        try (Stream<Path> all = Files.walk(sources)) {
            files = all.filter(file -> file.toString().endsWith(".java")).toList();
        }
        String descriptor = Files.readString(sources.resolve("module-info.java"));
        List<Path> exported = files.stream().filter(file -> isExported(descriptor, sources.relativize(file))).toList();
        assertThat(exported).hasSizeGreaterThan(10);
        try (StandardJavaFileManager manager = COMPILER.getStandardFileManager(null, null, null)) {
            assertThat(uncommented(manager.getJavaFileObjectsFromPaths(exported))).isEmpty();
        }
        assertThat(files.stream().map(Path::getParent).distinct().filter(directory -> !directory.equals(sources)))
                .allSatisfy(directory -> assertThat(directory.resolve("package-info.java")).exists());
    }

    /// True if `descriptor` exports the package of `file`, be it to one module only.
    private static boolean isExported(String descriptor, Path file) {
        Path directory = file.getParent();
        String name = directory == null ? "" : directory.toString().replace('/', '.');
        return Pattern.compile("exports " + Pattern.quote(name) + "[; ]").matcher(descriptor).find();
    }

    private static JavaFileObject source(String name, String code) {
        return new SimpleJavaFileObject(URI.create("string:///" + name), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return code;
            }
        };
    }

    @Test
    void eachOmissionIsNoticed() throws IOException {
        assertThat(uncommented(List.of(
                source("commented/package-info.java", "/// Commented.\npackage commented;"),
                source("package-info.java", "package uncommented;"),
                source("A.java", """
                        /// Commented.
                        public class A {
                            public A() {}
                            /// Commented.
                            public void commented() {}
                            // No doc comment.
                            public void uncommented() {}
                            protected void handedDown() {}
                            void mine() {}
                            @Override public String toString() { return ""; }
                            public interface Inner { void implicitly(); }
                            private static class Hidden { public void hidden() {} }
                            /// Commented.
                            public record B(int i) { public B {} }
                        }
                        """)))).containsExactly("/package-info.java", "/A.java:3 <init>", "/A.java:7 uncommented",
                "/A.java:8 handedDown", "/A.java:11 Inner", "/A.java:11 implicitly");
    }
}

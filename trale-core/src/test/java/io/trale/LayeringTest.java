package io.trale;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.testing.ClassFiles;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Checks the rules of the code base that soundness needs: which package uses which, which APIs are banned, and that files form
/// no circles. The constant pool of a class has each name, descriptor and generic signature that the class uses.
class LayeringTest {

    /// The packages that each package may use.
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            Map.entry("linux", Set.of()),
            Map.entry("future", Set.of()),
            Map.entry("uring", Set.of("linux", "future")),
            Map.entry("reactor", Set.of("linux", "future", "uring")),
            Map.entry("leaf", Set.of("linux", "future", "uring", "reactor")),
            Map.entry("task", Set.of("linux", "future", "uring", "reactor", "leaf")),
            Map.entry("time", Set.of("linux", "future", "uring", "reactor", "leaf")),
            Map.entry("sync", Set.of("linux", "future", "uring", "reactor", "leaf")),
            Map.entry("io", Set.of("future", "leaf")),
            Map.entry("net", Set.of("linux", "future", "uring", "reactor", "leaf", "io")),
            Map.entry("fs", Set.of("linux", "future", "uring", "reactor", "leaf", "io")),
            Map.entry("doctor", Set.of("linux", "future", "uring", "reactor", "leaf", "task")));

    /// `name` is a class, or a member as `class.member`; `exempt` is a package or a class that may use it, or empty.
    private record Ban(String name, String exempt, String replacement) {

        /// True if `text`, a class name, a descriptor or a signature, has this as one of its classes.
        boolean isIn(String text) {
            return Pattern.compile("(^|L)" + Pattern.quote(name) + "(?![\\w$/])").matcher(text).find();
        }

        boolean binds(String user) {
            return exempt.isEmpty() || !user.matches(Pattern.quote(exempt) + "([/$].*)?");
        }
    }

    private static final String RESTRICTED = "restricted: put the call in io.trale.linux, under a SAFETY comment";

    private static final List<Ban> BANS = List.of(
            new Ban("java/lang/foreign/MemorySegment.reinterpret", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/foreign/AddressLayout.withTargetLayout", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/foreign/Linker.downcallHandle", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/foreign/Linker.upcallStub", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/foreign/SymbolLookup.libraryLookup", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/ModuleLayer$Controller.enableNativeAccess", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/System.load", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/System.loadLibrary", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/Runtime.load", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/Runtime.loadLibrary", "io/trale/linux", RESTRICTED),
            new Ban("java/lang/foreign/Arena.ofAuto", "io/trale/linux/Libc",
                    "the kernel is no root of the garbage collector: allocate in the reactor's arena"),
            new Ban("java/lang/System.nanoTime", "io/trale/linux/Libc", "use Kernel.nanoTime, which tests can simulate"),
            new Ban("java/lang/ThreadLocal", "io/trale/reactor/CurrentReactor", "use Reactor.current"),
            new Ban("java/lang/System.out", "", "use System.getLogger(\"io.trale\")"),
            new Ban("java/lang/System.err", "", "use System.getLogger(\"io.trale\")"),
            new Ban("sun/misc/Unsafe", "", "use a VarHandle or a MemorySegment"),
            new Ban("java/util/concurrent/CompletableFuture", "", "use io.trale.future.Future"),
            new Ban("java/lang/Thread.sleep", "", "wait for a completion: Reactor.turn"),
            new Ban("java/util/concurrent/TimeUnit.sleep", "", "wait for a completion: Reactor.turn"));

    /// The accepted circles of files, each with its reason.
    private static final Map<Set<String>, String> CIRCLES = Map.of(
            Set.of("linux/Kernel", "linux/Libc"), "the interface has the factory of its production implementation",
            Set.of("reactor/BlockPool", "reactor/BufferGroup", "reactor/Close", "reactor/Completions", "reactor/CurrentReactor",
                    "reactor/Deadlines", "reactor/Descriptor", "reactor/Notifier", "reactor/Operation", "reactor/Pools",
                    "reactor/ProvidedBuffers", "reactor/Reactor", "reactor/Slots", "reactor/Staging", "reactor/StagingQueue"),
            "an operation knows its descriptor, a descriptor its reactor, and the reactor all operations in flight",
            Set.of("task/Block", "task/Executor", "task/LiveTasks", "task/Loop", "task/Task"),
            "a task enqueues itself at its executor, which polls it; a cancelled block unwinds as a task",
            Set.of("io/Buffer", "io/Slice"), "a buffer makes slices of itself",
            Set.of("io/AsyncWrite", "io/WriteAll"), "writeAll is a default method",
            Set.of("net/Receive", "net/Send", "net/StreamSocket"), "a socket and its two operations",
            Set.of("net/DatagramSocket", "net/ReceiveFrom"), "a socket makes the datagrams that it receives",
            Set.of("fs/CursorIo", "fs/File", "fs/FileIo", "fs/Open", "fs/PositionedIo"),
            "operations at the cursor move it; an open makes the file");

    private static final Pattern OWN_PACKAGE = Pattern.compile("io/trale/(\\w+)/");

    /// The violations of `model`, a sentence each.
    private static Set<String> violations(ClassModel model) {
        String name = model.thisClass().asInternalName();
        Set<String> found = new TreeSet<>();
        Matcher own = OWN_PACKAGE.matcher(name);
        String here = own.lookingAt() ? own.group(1) : name;
        Set<String> allowed = ARROWS.get(here);
        if (allowed == null) {
            return Set.of(name + " is in a package that LayeringTest does not know: add its arrows");
        }
        usedPackages(model).stream().filter(used -> !used.equals(here) && !allowed.contains(used))
                .forEach(used -> found.add(name + " uses package " + used + ": " + here + " may use " + allowed));
        for (PoolEntry entry : model.constantPool()) {
            if (entry instanceof Utf8Entry text) {
                report(name, ban -> ban.isIn(text.stringValue()), found);
            } else if (entry instanceof MemberRefEntry member) {
                String used = member.owner().asInternalName() + "." + member.name().stringValue();
                report(name, ban -> ban.name.equals(used), found);
            }
        }
        return found;
    }

    private static void report(String user, Predicate<Ban> used, Set<String> found) {
        BANS.stream().filter(ban -> ban.binds(user)).filter(used)
                .forEach(ban -> found.add(user + " uses " + ban.name + ": " + ban.replacement));
    }

    @Test
    void mainClassesKeepTheRules() throws IOException {
        List<ClassModel> classes = ClassFiles.in("target/classes");
        assertThat(classes).extracting(model -> model.thisClass().asInternalName())
                .contains("io/trale/linux/Libc", "io/trale/reactor/Reactor", "io/trale/task/Executor");
        assertThat(classes).flatExtracting(LayeringTest::violations).isEmpty();
    }

    @Test
    void simulatedKernelKnowsNothingAboveTheReactor() throws IOException {
        Set<String> allowed = Set.of("sim", "linux", "uring", "reactor", "future");
        for (ClassModel model : ClassFiles.in("target/test-classes/io/trale/sim")) {
            if (!model.thisClass().asInternalName().contains("Test")) {
                assertThat(usedPackages(model)).as(model.thisClass().asInternalName()).isSubsetOf(allowed);
            }
        }
    }

    private static Set<String> usedPackages(ClassModel model) {
        Set<String> packages = new TreeSet<>();
        model.constantPool().forEach(entry -> {
            if (entry instanceof Utf8Entry text) {
                OWN_PACKAGE.matcher(text.stringValue()).results().forEach(match -> packages.add(match.group(1)));
            }
        });
        return packages;
    }

    @Test
    void filesFormNoCircleButTheListedOnes() throws IOException {
        assertThat(ClassFiles.circles(ClassFiles.in("target/classes"))).containsExactlyInAnyOrderElementsOf(CIRCLES.keySet());
    }

    @Test
    void circleOfThreeFilesIsFound() {
        List<ClassModel> classes = List.of(using("net.A", "net.B$C"), using("net.B$C", "fs.D"), using("fs.D", "net.A"),
                using("net.E", "net.A"));
        assertThat(ClassFiles.circles(classes)).containsExactly(Set.of("net/A", "net/B", "fs/D"));
    }

    @Test
    void namesOfTestsHaveAtMostSixtyCharacters() throws IOException {
        assertThat(ClassFiles.testNamesLongerThan(60, ClassFiles.in("target/test-classes"))).isEmpty();
    }

    @Test
    void compiledFixtureIsCaught() {
        Path file = Path.of("target/test-classes/io/trale/future/RuleBreaker.class");
        assertThat(violations(ClassFiles.parse(file))).containsExactly(
                "io/trale/future/RuleBreaker uses java/lang/System.nanoTime: use Kernel.nanoTime, which tests can simulate",
                "io/trale/future/RuleBreaker uses java/lang/ThreadLocal: use Reactor.current",
                "io/trale/future/RuleBreaker uses package linux: future may use []",
                "io/trale/future/RuleBreaker uses package uring: future may use []");
    }

    @ParameterizedTest
    @CsvSource({"linux,future", "future,linux", "uring,reactor", "reactor,io", "reactor,leaf", "leaf,task",
        "leaf,io", "io,linux", "io,net", "net,task", "net,fs", "task,io", "time,sync", "task,net", "doctor,net", "task,doctor"})
    void eachArrowAgainstTheLayersIsCaught(String user, String used) {
        ClassModel field = using(user + ".A", used + ".B");
        ClassModel method = parse(ClassFile.of().build(ClassDesc.of("io.trale." + user + ".A"),
                builder -> builder.withMethod("m", MethodTypeDesc.of(ConstantDescs.CD_void,
                        ClassDesc.of("io.trale." + used + ".B$C")), ClassFile.ACC_ABSTRACT, with -> { })));
        String expected = "io/trale/" + user + "/A uses package " + used + ": ";
        assertThat(violations(field)).singleElement().asString().startsWith(expected);
        assertThat(violations(method)).singleElement().asString().startsWith(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"time.Timer", "linux.Memory", "reactor.Slots"})
    void eachBanIsCaughtOutsideItsExemption(String user) {
        for (Ban ban : BANS) {
            ClassModel model = using(ban, "io.trale." + user);
            if (!("io/trale/" + user.replace('.', '/') + "/").startsWith(ban.exempt + "/")) {
                assertThat(violations(model)).as(ban.name).singleElement().asString()
                        .endsWith(" uses " + ban.name + ": " + ban.replacement);
            } else {
                assertThat(violations(model)).as(ban.name).isEmpty();
            }
        }
    }

    @Test
    void unknownPackageIsCaught() {
        ClassModel model = parse(ClassFile.of().build(ClassDesc.of("io.trale.misc.A"), builder -> { }));
        assertThat(violations(model)).singleElement().asString().contains("add its arrows");
    }

    /// A class with a field of the type `used`, both below `io.trale`.
    private static ClassModel using(String user, String used) {
        return parse(ClassFile.of().build(ClassDesc.of("io.trale." + user),
                builder -> builder.withField("f", ClassDesc.of("io.trale." + used).arrayType(), 0)));
    }

    /// A class that names what `ban` forbids: a member by a reference, a class by the type of a field.
    private static ClassModel using(Ban ban, String user) {
        int dot = ban.name.indexOf('.');
        return parse(ClassFile.of().build(ClassDesc.of(user), builder -> {
            if (dot < 0) {
                builder.withField("f", ClassDesc.ofInternalName(ban.name), 0);
            } else {
                builder.constantPool().methodRefEntry(ClassDesc.ofInternalName(ban.name.substring(0, dot)),
                        ban.name.substring(dot + 1), MethodTypeDesc.of(ConstantDescs.CD_void));
            }
        }));
    }

    private static ClassModel parse(byte[] bytes) {
        return ClassFile.of().parse(bytes);
    }
}

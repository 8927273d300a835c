package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.testing.ClassFiles;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.constant.ClassDesc;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Checks that package dependencies have no cycle: reads the constant pool of every class, which contains each used name,
/// descriptor and generic signature as text.
class LayeringTest {

    /// The exported package of interfaces and values.
    private static final String API = "reactive";
    /// The only class of [#API] that may use all packages.
    private static final String FRONT_DOOR = "io/trale/reactive/Trale";

    /// The packages that each package may use besides itself.
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            Map.entry(API, Set.of()),
            Map.entry("loop", Set.of()),
            Map.entry("buffer", Set.of(API)),
            Map.entry("scheduler", Set.of("loop")),
            Map.entry("codec", Set.of("loop", "buffer")),
            Map.entry("tls", Set.of("buffer")),
            Map.entry("send", Set.of(API, "loop", "buffer", "tls")),
            Map.entry("time", Set.of(API, "loop")),
            Map.entry("event", Set.of(API, "loop", "send")),
            Map.entry("file", Set.of(API, "loop", "buffer", "send")),
            Map.entry("datagram", Set.of(API, "loop", "buffer", "send")),
            Map.entry("stream", Set.of(API, "loop", "buffer", "tls", "send", "scheduler")));

    /// The circles of files that are there on purpose, each with its reason.
    private static final Map<Set<String>, String> CIRCLES = Map.of(
            Set.of("reactive/buffer/BufferLease", "reactive/buffer/LeaseLeak"), "a leak gives back what its lease had",
            Set.of("reactive/send/SendSubscriber", "reactive/send/Sender"), "a send and the line that it stands in",
            Set.of("reactive/datagram/DatagramReceiver", "reactive/datagram/DatagramSender",
                    "reactive/datagram/UdpSocketEndpoint"), "an endpoint and its two directions",
            Set.of("reactive/scheduler/ScheduledTask", "reactive/scheduler/TraleScheduler", "reactive/scheduler/TraleWorker"),
            "a task removes itself from its scheduler or worker",
            Set.of("reactive/stream/ConnectionSender", "reactive/stream/OrderlyClose", "reactive/stream/Receiver",
                    "reactive/stream/SocketConnection", "reactive/stream/Tls"), "a connection, its two directions, its TLS and its close");

    private static final Pattern USE_OF_FRONT_DOOR = Pattern.compile("(^|L)" + FRONT_DOOR + "(?![\\w/])");

    private static final Pattern OWN_CLASS = Pattern.compile("io/trale/reactive/(?:(\\w+)/)?[A-Z]");

    private static String packageOf(MatchResult ownClass) {
        return ownClass.group(1) == null ? API : ownClass.group(1);
    }

    /// The violations of the rules in `model`, one sentence each.
    private static Set<String> violations(ClassModel model) {
        String name = model.thisClass().asInternalName();
        Set<String> found = new TreeSet<>();
        Matcher own = OWN_CLASS.matcher(name);
        String here = own.lookingAt() ? packageOf(own) : name;
        Set<String> allowed = ARROWS.get(here);
        if (allowed == null) {
            return Set.of(name + " is in a package that LayeringTest does not know: add its arrows");
        }
        if (name.equals(FRONT_DOOR)) {
            return found;
        }
        model.constantPool().forEach(entry -> {
            if (entry instanceof Utf8Entry text) {
                OWN_CLASS.matcher(text.stringValue()).results().map(LayeringTest::packageOf)
                        .filter(used -> !used.equals(here) && !allowed.contains(used))
                        .forEach(used -> found.add(name + " uses package " + used + ": " + here + " may use " + allowed));
                if (USE_OF_FRONT_DOOR.matcher(text.stringValue()).find()) {
                    found.add(name + " uses the front door");
                }
            }
        });
        return found;
    }

    @Test
    void mainClassesKeepTheRules() throws IOException {
        List<ClassModel> classes = ClassFiles.in("target/classes");
        assertThat(classes).extracting(model -> model.thisClass().asInternalName())
                .contains(FRONT_DOOR, "io/trale/reactive/loop/Loop", "io/trale/reactive/stream/SocketConnection");
        assertThat(classes).flatExtracting(LayeringTest::violations).isEmpty();
    }

    @Test
    void filesFormNoCircleButTheListedOnes() throws IOException {
        assertThat(ClassFiles.circles(ClassFiles.in("target/classes"))).containsExactlyInAnyOrderElementsOf(CIRCLES.keySet());
    }

    @Test
    void namesOfTestsHaveAtMostSixtyCharacters() throws IOException {
        assertThat(ClassFiles.testNamesLongerThan(60, ClassFiles.in("target/test-classes"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"Connection,stream.SocketConnection", "loop.A,Lease", "loop.A,send.Sender", "buffer.A,codec.Decoder",
        "codec.A,stream.Receiver", "codec.A,Connection", "send.A,stream.Receiver", "time.A,send.Sender", "file.A,stream.Receiver",
        "datagram.A,stream.Receiver", "stream.A,codec.Lines", "stream.A,datagram.DatagramSender", "scheduler.A,send.Sender",
        "stream.A,Trale", "Server,Trale"})
    void eachArrowAgainstTheLayersIsCaught(String user, String used) {
        ClassModel model = ClassFile.of().parse(ClassFile.of().build(ClassDesc.of("io.trale.reactive." + user),
                builder -> builder.withField("f", ClassDesc.of("io.trale.reactive." + used).arrayType(), 0)));
        assertThat(violations(model)).isNotEmpty();
    }

    @Test
    void unknownPackageIsCaught() {
        ClassModel model = ClassFile.of().parse(
                ClassFile.of().build(ClassDesc.of("io.trale.reactive.misc.A"), builder -> { }));
        assertThat(violations(model)).singleElement().asString().contains("add its arrows");
    }
}

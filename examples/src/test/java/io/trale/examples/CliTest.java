package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.task.Executor;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The command line as a user runs it: stdout, stderr and the exit status.
@Timeout(60)
class CliTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @AfterEach
    void endTheExecutorOfThisThread() {
        Executor.current().close();
    }

    private int run(String... args) {
        return Cli.execute(new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    @Test
    void noCommandListsOneCommandPerLine() {
        assertThat(run()).isZero();
        assertThat(out.toString().lines().skip(1)).isNotEmpty().allMatch(line -> line.matches(" {2}[a-z-]+ +[A-Z].*\\."));
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void everyCommandHasHelp() {
        assertThat(run()).isZero();
        String[] commands = out.toString().lines().skip(1).map(line -> line.strip().split(" ")[0]).toArray(String[]::new);
        assertThat(commands).contains("demo", "doctor", "echo", "proxy", "chat", "file-server", "tail", "record", "ticker",
                "upper", "timer", "sub-tasks", "udp", "tcp", "tcp-serv", "web-server");
        for (String command : commands) {
            assertThat(printed(command, "--help")).contains("Usage: trale " + command).isEqualTo(printed("help", command));
        }
        assertThat(printed("--help")).startsWith("Usage: trale ").isEqualTo(printed("help"))
                .contains("Prints the purpose and the options of a command");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void everyCommandHasTheVersionOfTheBuild() throws Exception {
        String pom = Files.readString(Path.of("../pom.xml"));
        String version = pom.substring(pom.indexOf("<version>") + "<version>".length(), pom.indexOf("</version>"));
        assertThat(printed("--version")).isEqualTo(printed("echo", "--version")).isEqualTo("trale " + version + "\n");
    }

    /// The output of a command, which must succeed.
    private String printed(String... args) {
        out.getBuffer().setLength(0);
        assertThat(run(args)).isZero();
        return out.toString();
    }

    @Test
    void unknownNamesAreOneLineAndStatus2() {
        assertThat(run("bogus")).isEqualTo(2);
        assertThat(run("help", "bogus")).isEqualTo(2);
        assertThat(run("echo", "--bogus")).isEqualTo(2);
        assertThat(run("echo", "bogus")).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(4).allMatch(line -> line.contains("bogus") && line.contains("--help"));
        assertThat(err.toString().lines()).startsWith("trale: no such command: bogus (try: ./trale --help)")
                .endsWith("trale echo: unexpected argument: bogus (try: ./trale echo --help)");
    }

    @Test
    void badTargetsAreOneLineAndStatus2() {
        String[] targets = {"host", ":80", "host:0", "host:65536", "host:http", "http://host:80"};
        for (String target : targets) {
            assertThat(run("proxy", target)).isEqualTo(2);
        }
        assertThat(err.toString().lines()).hasSize(targets.length).allMatch(line -> line.contains("must be HOST:PORT"));
    }

    @Test
    void outputThatCannotBeWrittenIsOneLineAndStatus1() throws Exception {
        Process process = CommandProcess.prepared("upper").redirectOutput(new File("/dev/full")).start();
        assertThat(process.errorReader().lines()).containsExactly("trale: cannot write to stdout: No space left on device");
        assertThat(process.waitFor()).isEqualTo(1);
    }

    @Test
    void badPortIsOneLineAndStatus2() {
        assertThat(run("echo", "--port", "seven")).isEqualTo(2);
        assertThat(run("echo", "--port", "65536")).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("trale echo: "));
    }

    @Test
    void missingDirectoryIsOneLineAndStatus2() {
        for (String command : new String[] {"web-server", "file-server"}) {
            err.getBuffer().setLength(0);
            assertThat(run(command)).isEqualTo(2);
            assertThat(run(command, "/nowhere")).isEqualTo(2);
            assertThat(err.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("trale " + command + ": "));
            assertThat(err.toString()).contains("DIR", "/nowhere is not a directory");
        }
    }

    @Test
    void badFilesAndNumbersAreOneLineAndStatus2() {
        assertThat(run("tail")).isEqualTo(2);
        assertThat(run("tail", "/nowhere")).isEqualTo(2);
        assertThat(run("tail", "/")).isEqualTo(2);
        assertThat(run("tail", "--every", "0", "/etc/passwd")).isEqualTo(2);
        assertThat(run("record")).isEqualTo(2);
        assertThat(run("record", "/")).isEqualTo(2);
        assertThat(run("record", "--port", "-1", "/nowhere/file")).isEqualTo(2);
        assertThat(run("ticker", "--every", "0")).isEqualTo(2);
        assertThat(run("ticker", "--slow", "-1")).isEqualTo(2);
        assertThat(run("ticker", "--count", "0")).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(10)
                .allMatch(line -> line.matches("trale (tail|record|ticker): .* --help\\)"));
        assertThat(err.toString()).contains("/nowhere is not a readable file", "/ is a directory",
                "--every is 0, must be from 1 to ");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void portInUseIsOneLineAndStatus1() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
            assertThat(run("echo", "--port", "" + taken.getLocalPort())).isEqualTo(1);
            assertThat(err.toString().lines()).singleElement().asString()
                    .startsWith("trale echo: bind(").contains("" + taken.getLocalPort()).endsWith("EADDRINUSE, address already in use");
        }
    }

    @Test
    void aFileThatCannotBeWrittenIsOneLineAndStatus1() {
        assertThat(run("record", "--port", "0", "/nowhere/file")).isEqualTo(1);
        assertThat(err.toString()).isEqualTo("trale record: open(/nowhere/file): ENOENT, no such file or directory\n");
    }

    @Test
    void upperAnswersInCapitals() {
        assertThat(run("upper")).isZero();
        assertThat(out.toString()).endsWith("HELLO, RING\n");
    }

    @Test
    void timerGreetsFromBothTasksInTurn() {
        assertThat(run("timer")).isZero();
        assertThat(out.toString().lines()).containsExactly("Hello A!", "Hello a!", "Hello B!", "Hello b!", "Hello C!",
                "Hello c!");
    }

    @Test
    void subTasksWaitsForTheOtherTask() {
        assertThat(run("sub-tasks")).isZero();
        assertThat(out.toString().lines()).containsExactlyInAnyOrder("Hello A!", "Hello from other task", "Hello B!",
                "Bye bye from other task", "Hello C!").startsWith("Hello A!", "Hello from other task").endsWith("Hello C!");
    }

    @Test
    void udpSendsAndReceives() {
        assertThat(run("udp", "--port", "0")).isZero();
        assertThat(out.toString().replaceFirst("(from 127.0.0.1:)[0-9]+", "$1PORT").lines()).containsExactlyInAnyOrder(
                "Hello A!", "Sent 20 bytes", "Received 20 bytes from 127.0.0.1:PORT", "Hello B!", "Hello C!");
    }

    @Test
    void tcpEchoesItsServerAndTcpServItsClient() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread talker = Thread.ofPlatform().start(() -> {
                try (Socket client = server.accept()) {
                    client.getOutputStream().write("hello".getBytes());
                    assertThat(client.getInputStream().readNBytes(5)).isEqualTo("hello".getBytes());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(run("tcp", "--port", "" + server.getLocalPort())).isZero();
            talker.join();
        }
        assertThat(err.toString()).isEqualTo("Conversation finished.  Read 5 bytes\n");
        assertThat(out.toString().lines()).containsExactly("Hello A!", "Hello B!", "Hello C!");
    }

    @Test
    void tcpServAcceptsOneConnection() throws Exception {
        PipedReader heard = new PipedReader();
        PrintWriter said = new PrintWriter(new PipedWriter(heard), true);
        int[] status = {-1};
        Thread server = Thread.ofPlatform().start(
                () -> status[0] = Cli.execute(said, new PrintWriter(err, true), "tcp-serv", "--port", "0"));
        BufferedReader lines = new BufferedReader(heard);
        String waiting = lines.readLine();
        assertThat(waiting).startsWith("Waiting for connection on 127.0.0.1:");
        try (Socket client = new Socket("127.0.0.1", Integer.parseInt(waiting.substring(waiting.lastIndexOf(':') + 1)))) {
            client.getOutputStream().write("abc".getBytes());
            assertThat(client.getInputStream().readNBytes(3)).isEqualTo("abc".getBytes());
        }
        server.join();
        assertThat(status[0]).isZero();
        assertThat(err.toString()).isEqualTo("Conversation finished.  Read 3 bytes\n");
    }

    @Test
    void refusedConnectionIsOneLineAndStatus1() throws Exception {
        int port;
        try (Socket bound = new Socket()) { // bound but not listening, so no server can be on this port
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            port = bound.getLocalPort();
            assertThat(run("tcp", "--port", "" + port)).isEqualTo(1);
        }
        assertThat(err.toString()).isEqualTo("trale tcp: connect(127.0.0.1:" + port + "): ECONNREFUSED, connection refused\n");
    }

    @Test
    void backpressureStopsThePeerWithoutDemand() {
        assertThat(run("backpressure", "--seconds", "1")).isZero();
        assertThat(out.toString().lines().filter(line -> line.startsWith("request"))).hasSize(4)
                .anyMatch(line -> line.matches("request nothing +requested 0, received 0, 0 KiB; the peer wrote .* stopped"))
                .anyMatch(line -> line.matches("request nothing again +requested [01], .* stopped"));
        assertThat(out.toString()).contains("demand 0, in flight 0, ");
        assertThat(run("backpressure", "--seconds", "0")).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().startsWith("trale backpressure: --seconds is 0");
    }

    @Test
    void tickerReportsMissedTicksToASlowConsumer() {
        assertThat(run("ticker", "--every", "1", "--slow", "20", "--count", "5")).isZero();
        String[] lines = out.toString().lines().toArray(String[]::new);
        assertThat(lines).hasSize(6);
        long next = 0;
        for (int i = 0; i < 5; i++) {
            Matcher tick = Pattern.compile("tick (\\d+), missed (\\d+)").matcher(lines[i]);
            assertThat(tick.matches()).as(lines[i]).isTrue();
            long missed = Long.parseLong(tick.group(2));
            assertThat(missed).isGreaterThanOrEqualTo(i == 0 ? 0 : 18); // at least 20 ms have passed
            assertThat(Long.parseLong(tick.group(1))).isEqualTo(next + missed);
            next += missed + 1;
        }
        assertThat(lines[5]).isEqualTo("5 ticks for " + next + " periods");
    }

    @Test
    void demoComparesEveryByteAndCountsEveryTickAndSignal() {
        assertThat(run("demo")).isZero();
        assertThat(err.toString()).isEmpty();
        assertThat(out.toString()).contains("every byte compared", "The slow client received ");
        Matcher ticks = Pattern.compile(" ([0-9,]+) ticks reported ([0-9,]+) missed periods").matcher(out.toString());
        assertThat(ticks.find()).isTrue();
        assertThat(number(ticks.group(1)) + number(ticks.group(2))).isGreaterThan(4000); // periods of 1 ms
        assertThat(number(ticks.group(2))).isGreaterThan(number(ticks.group(1))); // the consumer pauses for 5 ms
        Matcher signals = Pattern.compile(" 1,000,000 signals arrived in ([0-9,]+) elements").matcher(out.toString());
        assertThat(signals.find()).isTrue();
        assertThat(number(signals.group(1))).isBetween(1L, 999_999L);
    }

    private static long number(String printed) {
        return Long.parseLong(printed.replace(",", ""));
    }
}

package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The command line as a user meets it: what goes to which stream, and the exit status.
@Timeout(60)
class CliTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Cli.execute(new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    @Test
    void noCommandListsTheCommandsALineEach() {
        assertThat(run()).isZero();
        assertThat(out.toString().lines().skip(1)).isNotEmpty().allMatch(line -> line.matches(" {2}[a-z-]+ +[A-Z].*\\."));
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void everyCommandHasHelp() {
        assertThat(run("--help")).isZero();
        for (String command : new String[] {"demo", "echo", "upper"}) {
            assertThat(run(command, "--help")).isZero();
        }
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void unknownCommandIsOneLineAndStatus2() {
        assertThat(run("bogus")).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().contains("bogus").contains("--help");
    }

    @Test
    void badPortIsOneLineAndStatus2() {
        assertThat(run("echo", "--port", "seven")).isEqualTo(2);
        assertThat(run("echo", "--port", "65536")).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("trale echo: "));
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
    void upperAnswersInCapitals() {
        assertThat(run("upper")).isZero();
        assertThat(out.toString()).endsWith("HELLO, RING\n");
    }

    @Test
    void demoComparesEveryByteAndExplainsItself() {
        assertThat(run("demo")).isZero();
        assertThat(out.toString()).contains("every byte compared").contains("The slow client");
        assertThat(err.toString()).isEmpty();
    }
}

package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/// The loop thread exits the JVM while a shutdown hook waits for the loop.
@Timeout(60)
class ExitTest {

    /// A wait for the loop would last an hour, longer than this test.
    @Test
    void aShutdownHookDoesNotWaitForALoopThatExits() throws Exception {
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", Support.classPath(), ExitTest.class.getName())
                .redirectErrorStream(true).start();
        try {
            assertThat(child.waitFor(40, TimeUnit.SECONDS)).as("it has exited").isTrue();
            assertThat(new String(child.getInputStream().readAllBytes())).endsWith("disposed\nclosed\n");
            assertThat(child.exitValue()).isEqualTo(3);
        } finally {
            child.destroyForcibly();
        }
    }

    /// The child process.
    public static void main(String[] arguments) {
        Duration hour = Duration.ofHours(1);
        Trale trale = Trale.start(ExecutorOptions.defaults().closeTimeout(hour));
        Server server = trale.serve(Support.loopback(0), c -> Mono.never()).block();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.disposeNow(hour);
            System.out.println("disposed");
            trale.close();
            System.out.println("closed");
        }));
        trale.scheduler().schedule(() -> System.exit(3));
    }
}

package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.time.Timer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A JVM closes its executor in a shutdown hook, while the thread of that executor has called exit.
@Timeout(60)
class ExitTest {

    private static final int STATUS = 3;

    enum How { BEFORE_THE_HOOK, DURING_THE_HOOK, ON_THE_MAIN_THREAD, IN_A_BLOCK, IN_A_SLOW_BLOCK, IN_A_NESTED_BLOCK, IN_A_CANCELLED_BLOCK }

    /// The close timeout is an hour: a hook that waited for the loop would exceed the timeout of this test.
    @ParameterizedTest
    @EnumSource
    void closeInAShutdownHookDoesNotWaitForALoopThatExits(How how) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", Path.of("target", "classes") + ":"
                + Path.of("target", "test-classes"), Exiting.class.getName(), how.name()));
        if (how != How.IN_A_SLOW_BLOCK) {
            command.add(1, "--add-opens=java.base/java.lang=ALL-UNNAMED");
        }
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            assertThat(child.waitFor(40, TimeUnit.SECONDS)).as("it has exited").isTrue();
            assertThat(new String(child.getInputStream().readAllBytes())).isEqualTo("closed\n");
            assertThat(child.exitValue()).isEqualTo(STATUS);
        } finally {
            child.destroyForcibly();
        }
    }

    /// The main class of the child process.
    static final class Exiting {

        public static void main(String[] arguments) throws Exception {
            How how = How.valueOf(arguments[0]);
            ExecutorOptions options = ExecutorOptions.defaults().closeTimeout(Duration.ofHours(1));
            if (how == How.ON_THE_MAIN_THREAD) {
                Executor executor = Executor.open(options);
                closeInAHook(executor, () -> { });
                executor.execute(() -> System.exit(STATUS));
                executor.runToEnd();
                return;
            }
            Executor executor = Executor.start("loop", options);
            if (how == How.DURING_THE_HOOK) {
                closeInAHook(executor, () -> executor.execute(() -> System.exit(STATUS + 1)));
                System.exit(STATUS);
            }
            closeInAHook(executor, () -> { });
            Future<Void> exit = async(() -> System.exit(STATUS));
            switch (how) {
                case IN_A_BLOCK, IN_A_SLOW_BLOCK -> executor.submit(exit);
                case IN_A_CANCELLED_BLOCK -> {
                    CountDownLatch begun = new CountDownLatch(1); // an abort before the begin would drop the block
                    JoinHandle<Void> block = executor.submit(async(() -> {
                        begun.countDown();
                        try {
                            await(Timer.sleep(Duration.ofDays(1)));
                        } finally {
                            System.exit(STATUS);
                        }
                    }));
                    begun.await();
                    block.abort();
                }
                case IN_A_NESTED_BLOCK -> executor.submit(async(() -> await(exit)));
                default -> executor.execute(() -> System.exit(STATUS));
            }
        }

        private static void closeInAHook(Executor executor, Runnable before) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                before.run();
                executor.close();
                System.out.println("closed");
            }));
        }
    }
}

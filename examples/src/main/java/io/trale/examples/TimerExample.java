package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.task.Executor;
import io.trale.time.Timer;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// Two tasks that sleep concurrently on one thread.
@Command(name = "timer", description = "Two tasks that sleep concurrently on one thread.")
final class TimerExample implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Executor.spawn(async(() -> {
            await(Timer.sleep(Duration.ofSeconds(2)));
            out.println("Hello A!");
            await(Timer.sleep(Duration.ofSeconds(1)));
            out.println("Hello B!");
            await(Timer.sleep(Duration.ofSeconds(1)));
            out.println("Hello C!");
        }));
        Executor.spawn(async(() -> {
            await(Timer.sleep(Duration.ofSeconds(2)));
            out.println("Hello a!");
            await(Timer.sleep(Duration.ofSeconds(1)));
            out.println("Hello b!");
            await(Timer.sleep(Duration.ofSeconds(1)));
            out.println("Hello c!");
        }));
        Executor.run();
        return 0;
    }
}

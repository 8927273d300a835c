package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.task.Executor;
import io.trale.task.JoinHandle;
import io.trale.time.Timer;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// A task that spawns another task, continues, and then waits for its result.
@Command(name = "sub-tasks",
        description = "A task that spawns another task, continues, and then waits for its result.")
final class SubTasks implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        return Executor.blockOn(async(() -> {
            await(Timer.sleep(Duration.ofSeconds(2)));
            out.println("Hello A!");

            JoinHandle<Integer> other = Executor.spawn(async(() -> {
                out.println("Hello from other task");
                await(Timer.sleep(Duration.ofSeconds(1)));
                out.println("Bye bye from other task");
                return 24;
            }));

            await(Timer.sleep(Duration.ofSeconds(1)));
            out.println("Hello B!");
            int result = await(other);

            await(Timer.sleep(Duration.ofSeconds(1)));
            out.println("Hello C!");
            return result == 24 ? 0 : 1;
        }));
    }
}

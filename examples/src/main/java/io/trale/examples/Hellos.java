package io.trale.examples;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.future.Future;
import io.trale.time.Timer;
import java.io.PrintWriter;
import java.time.Duration;

/// A second task that prints a greeting each second, to show that the thread is not blocked.
final class Hellos {

    private Hellos() {}

    /// Prints `Hello A!` after half a second, then the following letters up to `last`, one each second.
    static Future<Void> upTo(char last, PrintWriter out) {
        return async(() -> {
            await(Timer.sleep(Duration.ofMillis(500)));
            out.println("Hello A!");
            for (char letter = 'B'; letter <= last; letter++) {
                await(Timer.sleep(Duration.ofSeconds(1)));
                out.println("Hello " + letter + "!");
            }
        });
    }
}

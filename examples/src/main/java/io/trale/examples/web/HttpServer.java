package io.trale.examples.web;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;

import io.trale.future.ErrnoException;
import io.trale.future.Future;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.sync.EventFd;
import io.trale.task.Executor;
import io.trale.time.Timer;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hc.core5.http.ConnectionClosedException;

/// Accepts connections and spawns a task for each.
///
/// `listener` is closed when [#serve] ends. Calls of `site` block, so they run on another executor, `lookups`. `debug` and
/// `error` receive log lines.
record HttpServer(TcpListener listener, Site site, Executor lookups, Limits limits, Consumer<String> debug,
        Consumer<String> error) {

    /// The delay after a failed accept. For example, with no descriptor left, another connection must end first.
    private static final Duration PAUSE = Duration.ofMillis(100);

    /// The errors of a connection that the client has closed: `EPIPE`, `ECONNRESET` and `ENOTCONN`.
    private static final Set<Integer> GONE = Set.of(32, 104, 107);

    /// Serves for ever.
    Future<Void> serve() {
        return async(() -> {
            try (listener; EventFd places = EventFd.semaphore()) {
                places.signal(limits.connections());
                while (true) {
                    await(places.take()); // at the limit, clients wait in the backlog
                    try {
                        Executor.spawn(connection(await(listener.accept()), places));
                    } catch (IOException e) {
                        places.signal();
                        error.accept("Could not accept incoming connection: " + e.getMessage());
                        await(Timer.sleep(PAUSE));
                    }
                }
            }
        });
    }

    private Future<Void> connection(TcpStream stream, EventFd places) {
        debug.accept("New Connection");
        return async(() -> {
            try (HttpConnection connection = new HttpConnection(this, stream)) {
                connection.serve();
            } catch (IOException e) {
                (isHungUp(e) ? debug : error).accept("Error handling connection: " + e.getMessage());
            } finally {
                places.signal();
            }
        });
    }

    /// True if the client has closed the connection, which is not an error of the server.
    private static boolean isHungUp(IOException e) {
        return e instanceof ConnectionClosedException
                || e instanceof ErrnoException failure && GONE.contains(failure.errno());
    }
}

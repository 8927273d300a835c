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

/// Accepts connections, and makes each a task of its own.
///
/// `listener` is closed when that ends. `site` is asked on `lookups`, another executor, since it blocks. `debug` and `error`
/// are told what a person may want to know, a line each.
record HttpServer(TcpListener listener, Site site, Executor lookups, Limits limits, Consumer<String> debug,
        Consumer<String> error) {

    /// How long to wait when no connection can be accepted: another one has to end first.
    private static final Duration PAUSE = Duration.ofMillis(100);

    /// What the kernel says of clients that are gone: `EPIPE`, `ECONNRESET` and `ENOTCONN`.
    private static final Set<Integer> GONE = Set.of(32, 104, 107);

    /// Serves for ever.
    Future<Void> serve() {
        return async(() -> {
            try (listener; EventFd places = EventFd.semaphore()) {
                places.signal(limits.connections());
                while (true) {
                    await(places.take()); // as long as there is none, clients wait in the backlog
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

    /// Clients come and go as they like; that is no concern of the operator.
    private static boolean isHungUp(IOException e) {
        return e instanceof ConnectionClosedException
                || e instanceof ErrnoException failure && GONE.contains(failure.errno());
    }
}

package io.trale.reactive;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.reactive.loop.Loop;
import io.trale.reactor.MemoryListener;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import java.util.concurrent.CompletableFuture;

/// A [Trale] on its own thread, with a listener for its buffers.
public final class ObservedLoop implements AutoCloseable {

    private final CompletableFuture<Trale> started = new CompletableFuture<>();
    private final Thread thread;

    /// Starts the loop and waits until it runs.
    public ObservedLoop(String name, ExecutorOptions options, MemoryListener listener) {
        thread = new Loop.LoopThread(() -> run(options, listener));
        thread.setName(name);
        thread.setDaemon(true);
        thread.start();
        started.join();
    }

    private void run(ExecutorOptions options, MemoryListener listener) {
        try {
            Executor executor = Executor.open(options);
            executor.reactor().setMemoryListener(listener);
            Trale trale = Trale.on(executor);
            executor.submit(new Forever());
            executor.execute(() -> started.complete(trale));
            executor.runToEnd();
        } catch (Throwable t) {
            started.completeExceptionally(t);
        }
    }

    /// The `Trale` of the loop.
    public Trale trale() {
        return started.join();
    }

    /// The loop thread, which emits all signals.
    public Thread thread() {
        return thread;
    }

    @Override
    public void close() {
        trale().close();
    }

    /// Keeps an executor running until it is closed.
    private static final class Forever implements Future<Void> {
        @Override
        public boolean poll(Waker waker) {
            return false;
        }

        @Override
        public Void result() {
            throw new AssertionError("never complete");
        }
    }
}

package io.trale.task;

import io.trale.future.ErrnoException;
import io.trale.reactor.Reactor;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;

/// Starts the thread of an executor that has its own.
final class LoopThread {

    private LoopThread() {}

    /// Starts a thread called `name` that opens `reactor` and runs `loop`; returns when the reactor is open. If that fails, throws
    /// and leaves no thread.
    static void start(String name, ThreadFactory factory, Reactor reactor, Runnable loop) throws ErrnoException {
        Throwable[] failure = new Throwable[1];
        CountDownLatch ready = new CountDownLatch(1);
        Thread thread = factory.newThread(() -> {
            reactor.bind();
            try {
                reactor.open();
            } catch (Throwable t) {
                failure[0] = t;
                return;
            } finally {
                ready.countDown();
            }
            loop.run();
        });
        thread.setName(name);
        thread.start();
        awaitCalmly(ready);
        switch (failure[0]) { // a new exception, whose stack trace shows the caller
            case null -> { }
            case ErrnoException e -> throw new ErrnoException(e.getMessage(), e.errno());
            case Throwable t -> throw new IllegalStateException(t.getMessage(), t);
        }
    }

    /// Waits without reacting to an interrupt, whose status is kept: the thread has been started already.
    private static void awaitCalmly(CountDownLatch ready) {
        boolean interrupted = false;
        while (true) {
            try {
                ready.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

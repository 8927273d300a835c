package io.trale.task;

import io.trale.future.ErrnoException;
import io.trale.reactor.Reactor;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;

/// A thread that is started for one loop.
final class LoopThread {

    private LoopThread() {}

    /// Starts a thread called `name` that opens `reactor` and runs `loop`; returns when it is open. Throws, and no thread is
    /// left, if it cannot be.
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
        switch (failure[0]) { // as one of the caller's, who is to see where the call was
            case null -> { }
            case ErrnoException e -> throw new ErrnoException(e.getMessage(), e.errno());
            case Throwable t -> throw new IllegalStateException(t.getMessage(), t);
        }
    }

    /// An interrupt is kept for later: the thread is there already, and is seen through.
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

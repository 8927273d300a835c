package io.trale.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// A coroutine that the loop does not resume any more runs to its end on the JDK's threads. Here, this thread is the loop.
@org.junit.jupiter.api.Timeout(60) // by its full name: there is a Timeout in this package
class CoroutineTest {

    /// Counts its wakes.
    private static class Body implements Coroutine.Body {
        private final Runnable code;
        private final AtomicInteger wakes = new AtomicInteger();
        private final CountDownLatch ended = new CountDownLatch(1);

        Body(Runnable code) {
            this.code = code;
        }

        @Override
        public void run() {
            code.run();
            ended.countDown();
        }

        @Override
        public void wake() {
            wakes.incrementAndGet();
        }
    }

    @Test
    void coroutineThatIsParkedRunsToItsEndOnceItWasLeft() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        Body body = new Body(() -> {
            try {
                gate.await();
                Thread.yield();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Coroutine coroutine = Coroutine.of(body, true);
        coroutine.resume(true);
        coroutine.leave();
        gate.countDown();
        body.ended.await();
        assertThat(body.wakes.get()).as("not for the loop").isZero();
    }

    @Test
    void coroutineThatCouldContinueRunsToItsEndOnceItWasLeft() throws Exception {
        Body body = new Body(Thread::yield);
        Coroutine coroutine = Coroutine.of(body, true);
        coroutine.resume(true);
        assertThat(body.wakes.get()).isEqualTo(1);
        coroutine.leave();
        body.ended.await();
        assertThat(body.wakes.get()).isEqualTo(1);
    }

    @Test
    void coroutineIsWokenOnceItsLockIsFree() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch woken = new CountDownLatch(1);
        Body body = new Body(() -> {
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }) {
            @Override
            public void wake() {
                woken.countDown();
            }
        };
        Coroutine coroutine = Coroutine.of(body, true);
        coroutine.resume(true);
        coroutine.resume(false); // no effect while it is parked
        gate.countDown();
        woken.await();
        assertThat(body.ended.getCount()).isEqualTo(1);
        coroutine.resume(false);
        assertThat(body.ended.getCount()).isZero();
    }
}

package io.trale.task;

import io.trale.linux.Kernel;
import io.trale.reactor.Limits;
import io.trale.reactor.Reactor;
import java.util.function.Supplier;

/// Creates objects that belong to a loop whose thread is not an actor's thread. jcstress may create states on any actor's
/// thread.
public final class OnLoop {

    private static final Limits.Pool ONE = new Limits.Pool(1, 1);
    private static final Limits SMALL = new Limits(1, 1, 1, ONE, ONE, ONE, ONE);

    private OnLoop() {}

    /// Calls `maker` on its own thread, which is only as expensive as a coroutine.
    public static <T> T make(Supplier<T> maker) {
        Made<T> made = new Made<>(maker);
        Coroutine.of(made, true).resume(true);
        return made.value;
    }

    /// An executor without a ring and a kernel. It accepts jobs; [#runJobs] runs them.
    public static Executor executor() {
        return make(() -> {
            reactor(null).bind();
            return Executor.current();
        });
    }

    /// A small reactor without a ring.
    public static Reactor reactor(Kernel kernel) {
        return new Reactor(kernel, SMALL);
    }

    /// Makes the current thread the loop thread of `executor` and runs the accepted jobs.
    public static void runJobs(Executor executor) {
        executor.reactor().bind();
        executor.loop.runJobs();
    }

    private static final class Made<T> implements Coroutine.Body {

        private final Supplier<T> maker;
        private T value;

        Made(Supplier<T> maker) {
            this.maker = maker;
        }

        @Override
        public void run() {
            value = maker.get();
        }

        @Override
        public void wake() {}
    }
}

package io.trale.task;

import io.trale.linux.Kernel;
import io.trale.reactor.Limits;
import io.trale.reactor.Reactor;
import java.util.function.Supplier;

/// Makes what belongs to a loop whose thread is none of the actors': each of these may be the one that makes the states.
public final class OnLoop {

    private static final Limits SMALL = new Limits(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    private OnLoop() {}

    /// Calls `maker` on a thread of its own, which costs no more than a coroutine does.
    public static <T> T make(Supplier<T> maker) {
        Made<T> made = new Made<>(maker);
        Coroutine.of(made, true).resume(true);
        return made.value;
    }

    /// An executor with no ring and no kernel: it takes jobs, and runs them when it is told to.
    public static Executor executor() {
        return make(() -> {
            reactor(null).bind();
            return Executor.current();
        });
    }

    /// A small reactor with no ring.
    public static Reactor reactor(Kernel kernel) {
        return new Reactor(kernel, SMALL);
    }

    /// Lets `executor`, whose loop the current thread is from now on, run what it was handed.
    public static void runJobs(Executor executor) {
        executor.reactor().bind();
        executor.runJobs();
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

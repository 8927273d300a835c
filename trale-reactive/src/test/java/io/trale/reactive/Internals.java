package io.trale.reactive;

import io.trale.linux.Kernel;
import io.trale.reactive.loop.Loop;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;

/// Access for tests in other packages to the internals of a [Trale].
public final class Internals {

    private Internals() {}

    /// The loop of `trale`.
    public static Loop loop(Trale trale) {
        return trale.loop;
    }

    /// A Trale on `executor`.
    public static Trale on(Executor executor) {
        return Trale.on(executor);
    }

    /// Starts a Trale on `kernel`.
    public static Trale start(Kernel kernel, ExecutorOptions options) {
        return Trale.start(kernel, options);
    }
}

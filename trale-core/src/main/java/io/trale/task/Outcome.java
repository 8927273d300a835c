package io.trale.task;

import java.util.concurrent.CancellationException;

/// How something ended, turned back into a return or a throw.
final class Outcome {

    private Outcome() {}

    /// Returns `value` if `failure` is null, else throws `failure`.
    static <T> T of(T value, Throwable failure) throws Exception {
        switch (failure) {
            case null -> {
                return value;
            }
            case Exception e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }

    /// True of a cancel with nothing gone wrong on the way: no news to anybody.
    static boolean isCancel(Throwable failure) {
        return failure instanceof CancellationException && failure.getSuppressed().length == 0;
    }
}

package io.trale.task;

import java.util.concurrent.CancellationException;

/// Turns a stored value or failure back into a return or a throw.
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

    /// True for a cancel that caused no other failure, which needs no report.
    static boolean isCancel(Throwable failure) {
        return failure instanceof CancellationException && failure.getSuppressed().length == 0;
    }
}

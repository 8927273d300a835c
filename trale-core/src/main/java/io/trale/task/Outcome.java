package io.trale.task;

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
}

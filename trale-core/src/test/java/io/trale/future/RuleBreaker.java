package io.trale.future;

import io.trale.linux.Errno;
import io.trale.uring.Ring;

/// Breaks rules on purpose, for `LayeringTest`: never used.
final class RuleBreaker {

    private final ThreadLocal<String> local = ThreadLocal.withInitial(() -> Errno.name((int) System.nanoTime()));

    private RuleBreaker() {}

    /// Names a package in its descriptor alone.
    String name(Ring ignored) {
        return local.get();
    }
}

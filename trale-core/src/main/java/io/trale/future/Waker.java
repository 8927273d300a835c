package io.trale.future;

/// Tells the owner of a future to poll it again.
@FunctionalInterface
public interface Waker {

    /// Wakes. **Safe from any thread**, at any moment: before, during and after a poll. Idempotent until the next poll
    /// begins, and without effect once the owner is done.
    void wake();
}

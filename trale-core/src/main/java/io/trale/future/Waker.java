package io.trale.future;

/// Notifies the owner of a future that it should poll the future again.
@FunctionalInterface
public interface Waker {

    /// Wakes the owner. **Safe from any thread** at any time: before, during and after a poll. Further calls before the next
    /// poll have no effect. Calls after the owner has finished have no effect.
    void wake();
}

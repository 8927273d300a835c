package io.trale.reactive;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The place of a source that has one subscriber at a time. Any thread.
final class Seat {

    private final AtomicReference<@Nullable LoopSubscription<?>> holder = new AtomicReference<>();

    /// Takes the place for `subscription`, until that one is over. Returns false if somebody else has it.
    boolean take(LoopSubscription<?> subscription) {
        LoopSubscription<?> before = holder.get();
        return (before == null || before.isOver()) && holder.compareAndSet(before, subscription);
    }
}

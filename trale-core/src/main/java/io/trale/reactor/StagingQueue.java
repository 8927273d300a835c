package io.trale.reactor;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.function.Consumer;

/// Operations that wait for the next enter, in order, and how many of them may go.
class StagingQueue {

    private final ArrayDeque<Operation> waiting = new ArrayDeque<>();

    /// How many operations may be submitted now, by what this queue guards.
    int budget() {
        return Integer.MAX_VALUE;
    }

    /// An operation leaves for the kernel.
    void admitted() {}

    /// True when an operation waits that may well go after the next [#settled]: not a time to sleep.
    boolean unsettled() {
        return false;
    }

    /// All that was admitted is in the kernel, and what it completed there at once has been handled.
    void settled() {}

    final void add(Operation operation) {
        waiting.addLast(operation);
    }

    final boolean isEmpty() {
        return waiting.isEmpty();
    }

    final boolean ready() {
        return !waiting.isEmpty() && budget() > 0;
    }

    final Operation next() {
        return waiting.removeFirst();
    }

    /// Moves those that were cancelled to `withdrawn`.
    final void withdrawTo(Collection<Operation> withdrawn) {
        waiting.removeIf(operation -> operation.cancelling && withdrawn.add(operation));
    }

    final void forEach(Consumer<Operation> action) {
        waiting.forEach(action);
    }
}

package io.trale.reactor;

import java.util.function.Consumer;

/// A queue of operations that wait for the next enter, with a budget of how many may be submitted.
///
/// An intrusive list, so that a cancelled operation is removed in constant time.
class StagingQueue {

    private Operation first;
    private Operation last;
    private int size;

    /// How many operations may be submitted now.
    int budget() {
        return Integer.MAX_VALUE;
    }

    /// An operation of this queue was written to the submission queue.
    void admitted() {}

    /// True if an operation waits for budget that [#releaseReservations] may free. The loop must not sleep then.
    boolean waitsForReservations() {
        return false;
    }

    /// All operations admitted until now are in the kernel. [#releaseReservations] follows.
    void submitted() {}

    /// Every operation that was admitted before the last [#submitted] has completed, or waits in the kernel.
    void releaseReservations() {}

    final void add(Operation operation) {
        operation.line = this;
        operation.previousInLine = last;
        if (last == null) {
            first = operation;
        } else {
            last.nextInLine = operation;
        }
        last = operation;
        size++;
    }

    final boolean isEmpty() {
        return first == null;
    }

    final int size() {
        return size;
    }

    final boolean ready() {
        return first != null && budget() > 0;
    }

    /// Takes the first operation; there is one.
    final Operation next() {
        Operation operation = first;
        remove(operation);
        return operation;
    }

    /// Removes `operation`, which is in this queue.
    final void remove(Operation operation) {
        Operation previous = operation.previousInLine;
        Operation next = operation.nextInLine;
        if (previous == null) {
            first = next;
        } else {
            previous.nextInLine = next;
        }
        if (next == null) {
            last = previous;
        } else {
            next.previousInLine = previous;
        }
        operation.line = null;
        operation.previousInLine = null;
        operation.nextInLine = null;
        size--;
    }

    /// Calls `action` with each operation; it may remove that operation.
    final void forEach(Consumer<Operation> action) {
        for (Operation operation = first, next; operation != null; operation = next) {
            next = operation.nextInLine;
            action.accept(operation);
        }
    }
}

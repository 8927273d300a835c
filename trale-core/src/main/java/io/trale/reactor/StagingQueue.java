package io.trale.reactor;

import java.util.function.Consumer;

/// Operations that wait for the next enter, in order, and how many of them may go.
///
/// A list through the operations' own links: a cancelled operation leaves it at once, wherever it stands.
class StagingQueue {

    private Operation first;
    private Operation last;
    private int size;

    /// How many operations may be submitted now, by what this queue guards.
    int budget() {
        return Integer.MAX_VALUE;
    }

    /// An operation leaves for the kernel.
    void admitted() {}

    /// True if an operation waits that the next [#releaseReservations] may let go: the loop must not sleep then.
    boolean waitsForReservations() {
        return false;
    }

    /// All that was admitted until now is in the kernel; [#releaseReservations] follows for it.
    void submitted() {}

    /// What was admitted before the last [#submitted] has completed, or the kernel keeps it waiting.
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

    /// Takes `operation`, which is in this line, out of it.
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

    /// Calls `action` with all that is in line; it may take the operation that it is called with out of the line.
    final void forEach(Consumer<Operation> action) {
        for (Operation operation = first, next; operation != null; operation = next) {
            next = operation.nextInLine;
            action.accept(operation);
        }
    }
}

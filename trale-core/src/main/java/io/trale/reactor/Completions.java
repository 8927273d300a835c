package io.trale.reactor;

import io.trale.reactor.Counters.Count;
import io.trale.uring.Abi;
import io.trale.uring.CompletionQueue;

/// Hands completions to their operations.
///
/// A batch is copied out of the ring, and its entries are released; only then do the handlers run. So handlers, and the user
/// code that they call, may stage, cancel and close: nothing of the completion queue is open meanwhile. What a turn has no
/// time for stays in the batch for the next turn. Loop thread only.
final class Completions {

    private final Reactor reactor;
    private final Counters counters;
    private final TurnClock clock;
    private final Staging staging;

    /// Two words for each completion, `user_data` and then result with flags; those from `next` on are not handled yet.
    private final long[] batch;
    private int size;
    private int next;

    Completions(Reactor reactor, Staging staging, int completionsPerTurn) {
        this.reactor = reactor;
        this.staging = staging;
        counters = reactor.counters();
        clock = reactor.clock();
        batch = new long[2 * completionsPerTurn];
    }

    /// How many were taken from the ring and are not handled yet.
    int pending() {
        return size - next;
    }

    /// Takes a batch from `queue`, unless the last one is not handled yet.
    void take(CompletionQueue queue) {
        if (next == size) {
            next = 0;
            size = queue.drain(batch);
        }
    }

    /// Discards what is pending, since the ring is closed.
    void clear() {
        next = size;
    }

    /// Calls the handlers of the batch while the turn has time; returns how many completions were handled.
    int handle(Slots slots) {
        int count = 0;
        for (; next < size && !clock.isOver(); count++) {
            long userData = batch[2 * next];
            long resultAndFlags = batch[2 * next++ + 1];
            counters.add(Count.COMPLETED, 1);
            if (userData != Staging.CANCEL) { // the completion of a cancel proves nothing: 0, ENOENT or EALREADY
                handle(slots, userData, CompletionQueue.result(resultAndFlags), CompletionQueue.flags(resultAndFlags));
            }
        }
        staging.handled(counters.get(Count.COMPLETED));
        return count;
    }

    private void handle(Slots slots, long userData, int result, int flags) {
        Operation operation = slots.get(userData);
        if (operation == null) {
            counters.add(Count.UNKNOWN, 1);
        } else if ((flags & Abi.IORING_CQE_F_MORE) != 0) {
            complete(operation, result, flags);
        } else {
            slots.remove(userData);
            end(operation, result, flags);
        }
    }

    /// Ends `operation` with its last completion.
    void end(Operation operation, int result, int flags) {
        if (!operation.isInternal()) {
            counters.add(Count.IN_FLIGHT, -1);
        }
        operation.ended();
        staging.ended(operation);
        complete(operation, result, flags);
        operation.descriptor().operationEnded();
    }

    /// A handler that throws does not stop the other completions.
    private void complete(Operation operation, int result, int flags) {
        try {
            operation.complete(result, flags);
        } catch (Throwable t) {
            reactor.fault(t);
        }
        reactor.ran(operation);
    }
}

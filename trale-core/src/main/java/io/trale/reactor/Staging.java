package io.trale.reactor;

import io.trale.uring.Sqe;
import io.trale.uring.SubmissionQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What waits for the next enter: cancels first, then operations in queues, each with a budget of its own.
final class Staging {

    /// The `user_data` of cancels, which no slot has.
    static final long CANCEL = -1;

    private final Reactor reactor;
    private final StagingQueue plain = new StagingQueue();
    /// In the order in which they are submitted. Receives come last, so that the answer to what is sent may be there when
    /// they are: then they complete at once, which is cheaper than to wait.
    private final List<StagingQueue> queues = new ArrayList<>(List.of(plain));
    private final ArrayDeque<Operation> cancels = new ArrayDeque<>();
    /// Ended before the kernel saw them.
    private final StagingQueue withdrawn = new StagingQueue();

    /// How many completions must have been handled before the admissions under way are settled, if any are.
    private long releaseAt;
    private boolean releasing;

    Staging(Reactor reactor) {
        this.reactor = reactor;
    }

    /// The queue of operations that need nothing but an entry.
    StagingQueue plain() {
        return plain;
    }

    /// Lets `queue` go before all receives.
    void addFirst(StagingQueue queue) {
        queues.add(1, queue);
    }

    /// Lets `queue` go after all others.
    void addLast(StagingQueue queue) {
        queues.add(queue);
    }

    /// Forgets all queues but the plain one, which is emptied, and the cancels: their ring is closed.
    void clear() {
        plain.forEach(plain::remove);
        queues.subList(1, queues.size()).clear();
        cancels.clear();
        releasing = false;
    }

    /// Ends `operation`, which the kernel will not see.
    void withdraw(Operation operation) {
        withdrawn.add(operation);
    }

    /// How many have ended unseen.
    int withdrawn() {
        return withdrawn.size();
    }

    /// The next that has ended unseen; there is one.
    Operation nextWithdrawn() {
        return withdrawn.next();
    }

    /// Asks for the end of `operation`, which is in flight. If it stands in line, it leaves from anywhere in it: one that is
    /// cancelled waits for no budget.
    void cancel(Operation operation) {
        if (operation.submitted()) {
            cancels.add(operation);
        } else if (operation.line != null && operation.line != withdrawn) {
            operation.line.remove(operation);
            withdrawn.add(operation);
        }
    }

    /// True if handling completions may let something go that is staged.
    boolean waitsForReservations() {
        for (int i = 0; i < queues.size(); i++) {
            if (queues.get(i).waitsForReservations()) {
                return true;
            }
        }
        return false;
    }

    /// All that was written is in the kernel. What it completed there at once is among the first `posted` completions of
    /// this ring: when those have been handled, what has not completed is known to wait.
    void submitted(long posted) {
        if (!releasing) {
            releasing = true;
            releaseAt = posted;
            for (int i = 0; i < queues.size(); i++) {
                queues.get(i).submitted();
            }
        }
    }

    /// The first `count` completions of this ring have been handled.
    void handled(long count) {
        if (releasing && count >= releaseAt) {
            releasing = false;
            for (int i = 0; i < queues.size(); i++) {
                queues.get(i).releaseReservations();
            }
        }
    }

    /// Writes entries while there is room and something may go. Returns true if something is left that may go.
    boolean writeTo(SubmissionQueue submissions, Slots slots) {
        Operation cancelled;
        while (submissions.free() > 0 && (cancelled = cancels.pollFirst()) != null) {
            if (cancelled.submitted() && cancelled.cancelling) { // else it ended meanwhile
                Sqe sqe = submissions.next();
                sqe.prepCancel(cancelled.userData);
                sqe.userData(CANCEL);
            }
        }
        boolean left = !cancels.isEmpty();
        for (int i = 0; i < queues.size(); i++) {
            StagingQueue queue = queues.get(i);
            while (queue.ready() && submissions.free() > 0) {
                if (write(queue.next(), submissions.next(), slots)) {
                    queue.admitted();
                }
            }
            left |= queue.ready();
        }
        return left;
    }

    private boolean write(Operation operation, Sqe sqe, Slots slots) {
        try {
            operation.fill(sqe);
            operation.submitted(slots.put(operation));
        } catch (Throwable t) { // the entry is counted already: it must not go out as it is
            sqe.prepNop();
            sqe.userData(CANCEL);
            withdrawn.add(operation);
            reactor.fault(t);
            return false;
        }
        sqe.userData(operation.userData);
        return true;
    }

    /// Calls `action` with all that is in line.
    void forEach(Consumer<Operation> action) {
        queues.forEach(queue -> queue.forEach(action));
    }
}

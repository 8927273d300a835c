package io.trale.reactor;

import io.trale.uring.Sqe;
import io.trale.uring.SubmissionQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What is staged for the next enter: cancels, and then the queues of operations, each with its own budget.
final class Staging {

    /// The `user_data` of cancels, which no slot has.
    static final long CANCEL = -1;

    private final Reactor reactor;
    private final StagingQueue plain = new StagingQueue();
    /// In the order of submission. Receives come last: the reply to a send of the same enter may have arrived by then, and a
    /// receive that completes at once is cheaper.
    private final List<StagingQueue> queues = new ArrayList<>(List.of(plain));
    /// Operations in the kernel that are to be cancelled.
    private final StagingQueue cancels = new StagingQueue();
    /// Operations that were withdrawn before the kernel saw them, and are to end with `-ECANCELED`.
    private final StagingQueue withdrawn = new StagingQueue();

    /// If `releasing`: how many completions must have been handled before the queues may release their reservations.
    private long releaseAt;
    private boolean releasing;

    Staging(Reactor reactor) {
        this.reactor = reactor;
    }

    /// The queue of operations that need nothing but an entry in the submission queue.
    StagingQueue plain() {
        return plain;
    }

    /// Adds `queue`, to be submitted before all receives.
    void addFirst(StagingQueue queue) {
        queues.add(1, queue);
    }

    /// Adds `queue`, to be submitted after all others.
    void addLast(StagingQueue queue) {
        queues.add(queue);
    }

    /// Withdraws all that is staged, but for the reactor's own, and removes all cancels and all queues but the plain one, since
    /// the ring is closed.
    void clear() {
        forEach(operation -> {
            operation.line.remove(operation);
            if (!operation.isInternal()) {
                withdrawn.add(operation);
            }
        });
        queues.subList(1, queues.size()).clear();
        cancels.forEach(cancels::remove);
        releasing = false;
    }

    /// Withdraws `operation`, which the kernel will not see.
    void withdraw(Operation operation) {
        withdrawn.add(operation);
    }

    /// How many operations are withdrawn.
    int withdrawn() {
        return withdrawn.size();
    }

    /// Takes the next withdrawn operation; there is one.
    Operation nextWithdrawn() {
        return withdrawn.next();
    }

    /// Cancels `operation`, which is in flight: stages a cancel, or withdraws the operation from its queue.
    void cancel(Operation operation) {
        if (operation.submitted()) {
            cancels.add(operation);
        } else if (operation.line != null && operation.line != withdrawn) {
            operation.line.remove(operation);
            withdrawn.add(operation);
        }
    }

    /// `operation` has ended: it is no longer to be cancelled.
    void ended(Operation operation) {
        if (operation.line == cancels) {
            cancels.remove(operation);
        }
    }

    /// True if handling pending completions could free budget for a waiting operation. The loop must not sleep then.
    boolean waitsForReservations() {
        for (int i = 0; i < queues.size(); i++) {
            if (queues.get(i).waitsForReservations()) {
                return true;
            }
        }
        return false;
    }

    /// All entries that were written are in the kernel. Those that completed at once are among the first `posted` completions of
    /// this ring. Once these have been handled, every other operation is known to wait in the kernel.
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

    /// Writes entries while the submission queue has room and a queue has budget. Returns true if entries with budget are left.
    boolean writeTo(SubmissionQueue submissions, Slots slots) {
        while (submissions.free() > 0 && !cancels.isEmpty()) {
            Sqe sqe = submissions.next();
            sqe.prepCancel(cancels.next().userData);
            sqe.userData(CANCEL);
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
        } catch (Throwable t) { // the entry is taken already, and must not be submitted half filled
            sqe.prepNop();
            sqe.userData(CANCEL);
            withdrawn.add(operation);
            reactor.fault(t);
            return false;
        }
        sqe.userData(operation.userData);
        return true;
    }

    /// Calls `action` with every operation in the queues.
    void forEach(Consumer<Operation> action) {
        queues.forEach(queue -> queue.forEach(action));
    }
}

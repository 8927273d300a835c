package io.trale.torture;

import java.util.concurrent.atomic.AtomicLongArray;

/// Counts the work done so far. Any thread.
final class Tally {

    enum Count {
        SCHEDULES("simulated schedules"), ROUNDS("rounds on the real kernel"), WORKLOADS("pieces of work"),
        CUT_OFF("cut off by a close"), CONNECTIONS("connections"), BYTES("bytes checked"), BROKEN("connections broken"),
        CANCELS("subscriptions cancelled"), DATAGRAMS("datagrams"), TICKS("ticks"), SIGNALS("signals"), FILES("files"),
        TASKS("tasks");

        final String text;

        Count(String text) {
            this.text = text;
        }
    }

    private final AtomicLongArray counts = new AtomicLongArray(Count.values().length);

    void add(Count count, long amount) {
        counts.addAndGet(count.ordinal(), amount);
    }

    void one(Count count) {
        add(count, 1);
    }

    long get(Count count) {
        return counts.get(count.ordinal());
    }

    /// The sum of all counts; it changes with every progress.
    long sum() {
        long sum = 0;
        for (Count count : Count.values()) {
            sum += get(count);
        }
        return sum;
    }
}

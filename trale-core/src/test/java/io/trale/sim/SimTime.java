package io.trale.sim;

import java.util.PriorityQueue;

/// Virtual time, and the scheduled events.
///
/// The clock does not move while the program computes. An `enter` that waits moves it to the next event; another one, by a
/// microsecond.
final class SimTime {

    /// A scheduled event.
    static final class Event implements Comparable<Event> {
        final long when;
        private final long order;
        private Runnable action;

        private Event(long when, long order, Runnable action) {
            this.when = when;
            this.order = order;
            this.action = action;
        }

        void cancel() {
            action = null;
        }

        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(when, other.when);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long now = 1_000_000_000L;
    private long scheduled;

    long now() {
        return now;
    }

    Event at(long when, Runnable action) {
        Event event = new Event(Math.max(when, now), scheduled++, action);
        events.add(event);
        return event;
    }

    Event after(long delayNanos, Runnable action) {
        return at(now + delayNanos, action);
    }

    /// The time of the next event, or `Long.MAX_VALUE`.
    long next() {
        while (!events.isEmpty() && events.peek().action == null) {
            events.remove();
        }
        return events.isEmpty() ? Long.MAX_VALUE : events.peek().when;
    }

    /// Moves the clock to `when`, which must not be after the next event, and runs the events that are due.
    void moveTo(long when) {
        assert when >= now && when <= next() : when + " is before " + now + " or after " + next();
        now = when;
        runDue();
    }

    /// Moves the clock by `nanos`, and runs each event at its time.
    void elapse(long nanos) {
        long end = now + nanos;
        while (next() <= end) {
            moveTo(next());
        }
        now = end;
    }

    /// Runs all events that are due.
    void runDue() {
        while (next() <= now) {
            Runnable action = events.remove().action;
            action.run();
        }
    }
}

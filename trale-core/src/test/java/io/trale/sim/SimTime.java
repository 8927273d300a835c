package io.trale.sim;

import java.util.PriorityQueue;

/// Virtual time, and what is going to happen in it.
///
/// The clock stands still while the program computes. It moves inside `enter`: to the next event when that waits, by a
/// microsecond when it does not.
final class SimTime {

    /// Something that will happen, unless it is cancelled.
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

    /// When the next event is, or `Long.MAX_VALUE`.
    long next() {
        while (!events.isEmpty() && events.peek().action == null) {
            events.remove();
        }
        return events.isEmpty() ? Long.MAX_VALUE : events.peek().when;
    }

    /// Moves the clock to `when`, over no event, and runs what is due then.
    void moveTo(long when) {
        assert when >= now && when <= next() : when + " is before " + now + " or after " + next();
        now = when;
        runDue();
    }

    /// Moves the clock by `nanos`, stopping at each event on the way.
    void elapse(long nanos) {
        long end = now + nanos;
        while (next() <= end) {
            moveTo(next());
        }
        now = end;
    }

    /// Runs every event whose time has come.
    void runDue() {
        while (next() <= now) {
            Runnable action = events.remove().action;
            action.run();
        }
    }
}

package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.linux.Net;
import io.trale.linux.Time;
import io.trale.uring.Sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;

/// All deadlines of a reactor: a heap, and one `timerfd_create(2)` descriptor that is armed for the earliest of them.
///
/// The ring keeps a poll on that descriptor while there are deadlines. The descriptor is never read: arming it again clears it.
/// A deadline that is cancelled leaves the timer armed, which then expires once without effect. Loop thread only.
public final class Deadlines {

    private static final long NEVER = Long.MAX_VALUE;

    /// How many deadlines run in a turn at most, so that they do not starve I/O.
    private static final int RUNS_PER_TURN = 512;

    /// About 146 years, half of the range of the clock, so that the clock and a duration add up without overflow.
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

    private final Reactor reactor;
    private Deadline[] heap = new Deadline[16];
    private int size;
    private long setSoFar;

    /// When the timer expires, or NEVER.
    private long armedAt = NEVER;
    private Timer timer;
    private MemorySegment times;

    Deadlines(Reactor reactor) {
        this.reactor = reactor;
    }

    /// `duration` in nanoseconds, between 0 and half of the range of the clock.
    public static long nanos(Duration duration) {
        return duration.isNegative() ? 0 : duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
    }

    /// As [#nanos], as a duration: for operators that overflow if a duration has too many nanoseconds.
    public static Duration bounded(Duration duration) {
        return Duration.ofNanos(nanos(duration));
    }

    /// Sets `deadline`, which is not set, to `atNanos` of the kernel's clock. Deadlines with the same time are reached in the order
    /// in which they were set.
    public void set(Deadline deadline, long atNanos) {
        assert !deadline.isSet() : "set already";
        deadline.atNanos = atNanos;
        deadline.order = setSoFar++;
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        up(size++, deadline);
    }

    /// Cancels `deadline`; no effect if it is not set.
    public void callOff(Deadline deadline) {
        int i = deadline.index;
        if (i < 0) {
            return;
        }
        deadline.index = -1;
        Deadline last = heap[--size];
        heap[size] = null;
        if (last != deadline) {
            if (i > 0 && before(last, heap[(i - 1) / 2])) {
                up(i, last);
            } else {
                down(i, last);
            }
        }
    }

    /// How many deadlines are set.
    public int size() {
        return size;
    }

    /// True if the earliest deadline has been reached.
    boolean isDue() {
        return size > 0 && heap[0].atNanos <= reactor.kernel().nanoTime();
    }

    /// Runs the deadlines that are due, at most 512 of them, while the turn has time. Returns how many.
    int run() {
        if (size == 0) {
            return 0;
        }
        long now = reactor.kernel().nanoTime();
        int count = 0;
        reactor.clock().beginNext();
        int most = Math.min(size, RUNS_PER_TURN);
        for (; count < most && size > 0 && heap[0].atNanos <= now && !reactor.clock().isOver(); count++) {
            Deadline due = heap[0];
            callOff(due);
            try {
                due.reached();
            } catch (Throwable t) {
                reactor.fault(t);
            }
            reactor.ran(due);
        }
        return count;
    }

    /// Cancels all deadlines.
    void clear() {
        while (size > 0) {
            callOff(heap[size - 1]);
        }
    }

    /// Arms the timer for the earliest deadline, before the loop sleeps. Returns false if it is due.
    boolean arm() {
        if (size == 0) {
            return true;
        }
        long earliest = heap[0].atNanos;
        if (armedAt <= earliest) {
            return true; // expires in time, perhaps too early
        }
        if (earliest <= reactor.kernel().nanoTime()) {
            return false;
        }
        times.set(JAVA_LONG, 16, earliest / 1_000_000_000);
        times.set(JAVA_LONG, 24, earliest % 1_000_000_000);
        int result = reactor.kernel().timerfdSettime(timer.descriptor().fd(), Time.TFD_TIMER_ABSTIME, times);
        if (result < 0) {
            throw new IllegalStateException(Failure.of("timerfd_settime", -result));
        }
        armedAt = earliest;
        if (!timer.inFlight()) {
            reactor.stage(timer);
        }
        return true;
    }

    void open(Arena arena, Descriptor timerfd) {
        times = arena.allocate(32, 8); // struct itimerspec: interval, value, each seconds and nanoseconds
        timer = new Timer(timerfd);
        armedAt = NEVER;
    }

    /// The poll on the timer; not counted as in flight.
    Operation timer() {
        return timer;
    }

    private static boolean before(Deadline a, Deadline b) {
        return a.atNanos < b.atNanos || a.atNanos == b.atNanos && a.order < b.order;
    }

    private void up(int from, Deadline deadline) {
        int i = from;
        while (i > 0) {
            int parent = (i - 1) / 2;
            if (!before(deadline, heap[parent])) {
                break;
            }
            put(i, heap[parent]);
            i = parent;
        }
        put(i, deadline);
    }

    private void down(int from, Deadline deadline) {
        int i = from;
        while (2 * i + 1 < size) {
            int child = 2 * i + 1;
            if (child + 1 < size && before(heap[child + 1], heap[child])) {
                child++;
            }
            if (!before(heap[child], deadline)) {
                break;
            }
            put(i, heap[child]);
            i = child;
        }
        put(i, deadline);
    }

    private void put(int i, Deadline deadline) {
        heap[i] = deadline;
        deadline.index = i;
    }

    private final class Timer extends Operation {

        Timer(Descriptor timerfd) {
            super(timerfd, true);
        }

        @Override
        protected void fill(Sqe sqe) {
            sqe.prepPoll(descriptor().fd(), Net.POLLIN);
        }

        @Override
        protected void complete(int result, int flags) {
            armedAt = NEVER; // the turn runs the deadlines that are due; the next sleep arms the timer
        }
    }
}

package io.trale.reactive.time;

import io.trale.future.ErrnoException;
import io.trale.future.Waker;
import io.trale.reactive.Tick;
import io.trale.reactive.loop.CounterRead;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.LoopSubscription;
import io.trale.reactive.loop.SourceFlux;
import io.trale.time.TimerFd;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/// One subscription to periodic ticks: it has a kernel timer, which it reads while there is demand. Without demand, the kernel
/// counts.
public final class TickSubscription extends LoopSubscription<Tick> {

    private final Waker waker = this::drain;
    private final Duration first;
    private final Duration period;
    private @Nullable TimerFd timer;
    private @Nullable CounterRead read;
    private long expirations;

    private TickSubscription(Loop loop, Duration first, Duration period, CoreSubscriber<? super Tick> actual) {
        super(loop, actual);
        this.first = first;
        this.period = period;
    }

    /// The ticks of a timer for each subscription: see [io.trale.reactive.Trale#ticks(Duration, Duration)].
    public static Flux<Tick> flux(Loop loop, Duration first, Duration period) {
        if (first.isNegative() || period.isNegative() || period.isZero()) {
            throw new IllegalArgumentException("first is " + first + " and period " + period
                    + ", first must not be negative, and period must be positive");
        }
        return new SourceFlux<Tick>("traleTicks", actual -> new TickSubscription(loop, first, period, actual)).assembled();
    }

    @Override
    protected void progress() {
        try {
            while (!loop.isClosing()) {
                CounterRead read = read();
                if (!wanted() || !read.hasCount(waker)) {
                    return;
                }
                long count = read.take();
                expirations += count;
                next(new Tick(expirations - 1, count - 1));
            }
            closed();
        } catch (ErrnoException e) {
            fail(e);
        }
    }

    private CounterRead read() throws ErrnoException {
        CounterRead read = this.read;
        if (read == null) {
            TimerFd timer = TimerFd.start(first, period);
            this.timer = timer; // from here on stop() closes it
            read = new CounterRead("timerfd", timer.descriptor());
            this.read = read;
            loop.opened(timer.descriptor(), this::drain);
        }
        return read;
    }

    @Override
    protected void stop() {
        TimerFd timer = this.timer;
        if (timer != null) {
            timer.close(); // cancels the read; its ticks are discarded
        }
    }
}

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
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

/// Periodic ticks: each subscription has a timer of the kernel's own, and reads it while there is demand. With none, the
/// kernel counts.
public final class Ticks extends SourceFlux<Tick> {

    private final Loop loop;
    private final Duration first;
    private final Duration period;

    public Ticks(Loop loop, Duration first, Duration period) {
        super("traleTicks");
        if (first.isNegative() || period.isNegative() || period.isZero()) {
            throw new IllegalArgumentException("first is " + first + " and period " + period
                    + ", must not be negative, nor the period be zero");
        }
        this.loop = loop;
        this.first = first;
        this.period = period;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Tick> actual) {
        new Ticking(Objects.requireNonNull(actual)).subscribe();
    }

    private final class Ticking extends LoopSubscription<Tick> {

        private final Waker waker = this::drain;
        private @Nullable TimerFd timer;
        private @Nullable CounterRead read;
        private long expirations;

        Ticking(CoreSubscriber<? super Tick> actual) {
            super(Ticks.this.loop, actual);
        }

        @Override
        protected void start() {}

        @Override
        protected void progress() {
            try {
                while (!loop.isClosing()) {
                    CounterRead read = read();
                    if (!wanted() || !read.poll(waker)) {
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
                read = new CounterRead("timerfd", timer.descriptor());
                this.timer = timer;
                this.read = read;
                loop.opened(timer.descriptor(), this::drain);
            }
            return read;
        }

        @Override
        protected void stop() {
            TimerFd timer = this.timer;
            if (timer != null) {
                timer.close(); // and with it the read, whose ticks are nobody's
            }
        }
    }
}

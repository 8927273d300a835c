package io.trale.reactive.loop;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

/// A subscription to a source that has one subscriber at a time, and whose operations belong to the source.
///
/// The place of the subscriber is free again once that one has cancelled or been told the end. An operation in flight is
/// cancelled then; what it brings all the same is kept by the source for the next subscriber, which may wait already.
public abstract class UnicastSubscription<T> extends LoopSubscription<T> {

    /// The place of the one subscriber of a source.
    public static final class Place {

        private final AtomicReference<@Nullable UnicastSubscription<?>> holder = new AtomicReference<>();
        /// The holder, once it has started. For the loop alone.
        private @Nullable UnicastSubscription<?> started;

        /// For users of sources.
        public Place() {}

        private boolean take(UnicastSubscription<?> subscription) {
            UnicastSubscription<?> before = holder.get();
            return (before == null || before.isOver()) && holder.compareAndSet(before, subscription);
        }

        /// True if nobody has ever taken it. Any thread.
        public boolean isUntouched() {
            return holder.get() == null;
        }

        /// Has the subscriber look at what may have changed, if there is one. Loop thread.
        public void wake() {
            UnicastSubscription<?> started = this.started;
            if (started != null) {
                started.drain();
            }
        }
    }

    private final Place place;
    private boolean refused;

    protected UnicastSubscription(Loop loop, Place place, CoreSubscriber<? super T> actual) {
        super(loop, actual);
        this.place = place;
    }

    /// Takes the place, or fails with [IllegalStateException] if another subscriber has it.
    @Override
    public final void subscribe() {
        refused = !place.take(this);
        super.subscribe();
    }

    /// As [#progress], of the subscription that has the place.
    protected abstract void advance();

    /// Nobody waits any more for what is in flight: cancels it. Loop thread.
    protected abstract void release();

    /// The method that was subscribed to, and its object, for messages.
    protected abstract String describe();

    @Override
    protected final void start() {
        if (!refused) {
            place.started = this;
        }
    }

    @Override
    protected final void progress() {
        if (refused) {
            fail(new IllegalStateException(describe()
                    + " has a subscriber; the next may come when it has cancelled or completed"));
        } else {
            advance();
        }
    }

    @Override
    protected final void stop() {
        if (refused) {
            return;
        }
        if (place.started == this) {
            place.started = null;
        }
        release();
        place.wake();
    }
}

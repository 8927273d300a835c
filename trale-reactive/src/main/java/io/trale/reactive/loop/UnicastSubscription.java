package io.trale.reactive.loop;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

/// A subscription to a source that has one subscriber at a time, and whose operations belong to the source.
///
/// The place of the subscriber is free again once that one has cancelled or been signalled the end. An operation in flight is
/// cancelled then. What it brings all the same is kept by the source for the next subscriber, which may wait already.
public abstract class UnicastSubscription<T> extends LoopSubscription<T> {

    /// The place of the one subscriber of a source.
    public static final class Place {

        private final AtomicReference<@Nullable UnicastSubscription<?>> holder = new AtomicReference<>();

        /// For users of sources.
        public Place() {}

        private boolean take(UnicastSubscription<?> subscription) {
            UnicastSubscription<?> before = holder.get();
            return (before == null || before.isOver()) && holder.compareAndSet(before, subscription);
        }

        /// True if there was never a subscriber. Any thread.
        public boolean isUntouched() {
            return holder.get() == null;
        }

        /// True if a subscription has the place. Any thread.
        public boolean isTaken() {
            UnicastSubscription<?> subscription = holder.get();
            return subscription != null && !subscription.isOver();
        }

        /// Forgets that there was a subscriber, which has gone.
        public void forget() {
            UnicastSubscription<?> subscription = holder.get();
            if (subscription != null && subscription.isOver()) {
                holder.compareAndSet(subscription, null);
            }
        }

        /// Drains the subscription that has the place, if there is one. Loop thread.
        public void wake() {
            UnicastSubscription<?> subscription = holder.get();
            if (subscription != null) {
                subscription.drain();
            }
        }
    }

    private final Place place;

    protected UnicastSubscription(Loop loop, Place place, CoreSubscriber<? super T> actual) {
        super(loop, actual);
        this.place = place;
    }

    /// Takes the place, or fails with [IllegalStateException] if another subscriber has it.
    @Override
    public final void subscribe() {
        if (place.take(this)) {
            super.subscribe();
        } else {
            new Refusal<>(loop, Objects.requireNonNull(actual), describe()).subscribe();
        }
    }

    /// Nobody waits any more for what is in flight: cancels it. Loop thread.
    protected abstract void release();

    /// The method that was subscribed to, and its object, for messages.
    protected abstract String describe();

    @Override
    protected final void stop() {
        release();
        place.wake();
    }

    /// In place of a subscription that did not get the place.
    private static final class Refusal<T> extends LoopSubscription<T> {

        private final String source;

        Refusal(Loop loop, CoreSubscriber<? super T> actual, String source) {
            super(loop, actual);
            this.source = source;
        }

        @Override
        protected void progress() {
            closed();
        }

        @Override
        protected Throwable cutOff() {
            return new IllegalStateException(source + " has a subscriber; the next may come when it has cancelled or completed");
        }

        @Override
        protected void stop() {}
    }
}

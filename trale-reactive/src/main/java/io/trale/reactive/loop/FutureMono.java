package io.trale.reactive.loop;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// A future of the core as a cold [Mono], for what happens once, such as connecting. Each subscription makes a future, and
/// polls it on the loop without waiting for demand. A null, as of a `Future<Void>`, is completion alone.
///
/// A value that is not signalled is passed to `unwanted`. An operator such as `timeout` may drop a value that arrives at the
/// moment at which it gives up: it cancels then. So if a cancel follows the signal, the value is passed to `leftOver`, which
/// knows whether its user has begun to use it. If both happen at the same time, a value may be passed to both.
public final class FutureMono<T> extends SourceMono<T> {

    public FutureMono(Loop loop, Supplier<Future<T>> futures, Consumer<? super T> unwanted) {
        this(loop, futures, unwanted, signalled -> { });
    }

    public FutureMono(Loop loop, Supplier<Future<T>> futures, Consumer<? super T> unwanted, Consumer<? super T> leftOver) {
        super("future", null, actual -> new FutureSubscription<>(loop, futures, unwanted, leftOver, actual).subscribe());
    }

    /// One subscription.
    private static final class FutureSubscription<T> extends LoopSubscription<T> {

        private final Supplier<Future<T>> futures;
        private final Consumer<? super T> unwanted;
        private final Consumer<? super T> leftOver;
        private final Waker waker = this::wake;

        /// From the first turn until it is complete.
        private @Nullable Future<T> future;
        private boolean isDone;
        /// Complete, and neither signalled nor passed to `unwanted`.
        private @Nullable T value;
        /// Signalled, or about to be. Written on the loop.
        private volatile @Nullable T signalled;
        private boolean signalling;

        FutureSubscription(Loop loop, Supplier<Future<T>> futures, Consumer<? super T> unwanted, Consumer<? super T> leftOver,
                CoreSubscriber<? super T> actual) {
            super(loop, actual);
            this.futures = futures;
            this.unwanted = unwanted;
            this.leftOver = leftOver;
        }

        /// Polls again, in a later job, since this may be called by the poll. Any thread.
        private void wake() {
            if (!loop.execute(this)) {
                loop.executor.onClose(this::loopHasEnded);
            }
        }

        @Override
        protected void progress() {
            if (loop.isClosing()) {
                closed();
            } else if ((isDone || isDone()) && wanted()) {
                signal();
            }
        }

        private boolean isDone() {
            try {
                Future<T> future = this.future;
                if (future == null) {
                    loop.begun(this, this::drain);
                    future = futures.get();
                    this.future = future;
                }
                if (future.poll(waker)) {
                    isDone = true;
                    value = future.result();
                }
            } catch (Throwable t) {
                isDone = true;
                releaseFuture(t);
                if (isOver()) {
                    Operators.onErrorDropped(t, context());
                } else {
                    fail(t);
                }
            }
            return isDone;
        }

        /// Releases what a future holds whose poll has thrown `failure`. No effect if its result was taken.
        private void releaseFuture(Throwable failure) {
            try {
                if (future != null) {
                    future.cancel();
                }
            } catch (Throwable t) {
                failure.addSuppressed(t);
            }
        }

        private void signal() {
            T value = this.value;
            signalled = value; // before the check: either it sees a cancel, or that sees the value
            if (isOver()) {
                return;
            }
            if (value != null) {
                this.value = null;
                signalling = true;
                next(value);
                signalling = false;
            }
            complete();
        }

        @Override
        public void cancel() {
            super.cancel();
            T value = signalled;
            if (value != null && !(loop.isCurrent() && signalling)) { // as by next(), which passes it on after that
                leftOver.accept(value);
            }
        }

        @Override
        protected void stop() {
            loop.ended(this);
            Future<T> future = this.future;
            T value = this.value;
            if (future != null && !isDone) {
                future.cancel();
            } else if (value != null) {
                unwanted.accept(value);
            }
        }

        @Override
        protected void lost(T value, Context context) {
            unwanted.accept(value);
        }

        @Override
        protected Throwable cutOff() {
            return Loop.closedException();
        }
    }
}

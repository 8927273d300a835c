package io.trale.reactive.loop;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.task.JoinHandle;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/// A future of the core as a cold Mono: each subscription makes one and runs it as a task of the loop.
///
/// For what happens once, such as connecting. A value that the subscriber no longer wants is handed to `unwanted`; one of
/// null, as `Future<Void>` has it, is completion alone.
///
/// An operator such as `timeout` may drop a value that comes at the moment at which it gives up. It cancels then, so a value
/// is handed to `leftOver` if the cancel comes after it: that knows whether somebody has begun to use it.
public final class FutureMono<T> extends Mono<T> implements Scannable {

    private final Loop loop;
    private final Supplier<Future<T>> futures;
    private final Consumer<? super T> unwanted;
    private final Consumer<? super T> leftOver;

    public FutureMono(Loop loop, Supplier<Future<T>> futures, Consumer<? super T> unwanted) {
        this(loop, futures, unwanted, delivered -> { });
    }

    public FutureMono(Loop loop, Supplier<Future<T>> futures, Consumer<? super T> unwanted, Consumer<? super T> leftOver) {
        this.loop = loop;
        this.futures = futures;
        this.unwanted = unwanted;
        this.leftOver = leftOver;
    }

    /// This, as the assembly hooks want it.
    public Mono<T> assembled() {
        return onAssembly(this);
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Run<T> run = new Run<>(loop, actual, unwanted, leftOver);
        actual.onSubscribe(run);
        try {
            run.began(loop.executor.submit(new Poller<>(futures, run)));
        } catch (RejectedExecutionException e) {
            loop.later(run::aborted, run::aborted);
        }
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
    }

    /// One subscription. Its state is one word, since the result and the subscriber come from different threads.
    private static final class Run<T> implements Subscription, Scannable {

        private static final int NOTHING = 0;
        private static final int REQUESTED = 1;
        private static final int VALUE = 2;
        private static final int OVER = 3;

        private final Loop loop;
        private final CoreSubscriber<? super T> actual;
        private final Consumer<? super T> unwanted;
        private final Consumer<? super T> leftOver;
        private final AtomicInteger state = new AtomicInteger(NOTHING);
        /// There when the state is VALUE, and when it is OVER by a value.
        private @Nullable T value;
        /// For the loop alone.
        private boolean emitting;
        private volatile @Nullable JoinHandle<Void> task;
        private volatile boolean badRequest;

        Run(Loop loop, CoreSubscriber<? super T> actual, Consumer<? super T> unwanted, Consumer<? super T> leftOver) {
            this.loop = loop;
            this.actual = actual;
            this.unwanted = unwanted;
            this.leftOver = leftOver;
        }

        void began(JoinHandle<Void> task) {
            this.task = task;
            if (badRequest || state.get() == OVER) {
                task.abort(); // harmless if it has ended
            }
        }

        /// The task was aborted, by a bad request, by a cancel, or because the loop closes; or it never began, for that.
        void aborted() {
            if (state.get() != OVER) {
                fail(badRequest ? Loop.badRequest() : Loop.closedException());
            }
        }

        void succeed(T value) {
            this.value = value;
            if (state.compareAndSet(NOTHING, VALUE)) {
                if (badRequest) {
                    refuse();
                }
                return;
            }
            if (state.compareAndSet(REQUESTED, OVER)) {
                emit();
            } else {
                discard();
            }
        }

        void fail(Throwable failure) {
            if (state.getAndSet(OVER) != OVER) {
                Loop.tellEnd(actual, failure, loop::uncaught);
            } else if (!(failure instanceof ConnectionClosedException)) { // which is no news to one who has left
                Operators.onErrorDropped(failure, actual.currentContext());
            }
        }

        private void emit() {
            T value = this.value;
            emitting = true;
            try {
                if (value != null) {
                    actual.onNext(value);
                }
                Loop.tellEnd(actual, null, loop::uncaught);
            } catch (Throwable t) { // §2.13: it must not, so nobody has the value
                discard();
                if (Exceptions.isJvmFatal(t)) {
                    Loop.tellEnd(actual, t, again -> { }); // it may well throw it again
                }
                Loop.threw(t, actual.currentContext(), loop::uncaught);
            } finally {
                emitting = false;
            }
        }

        private void discard() {
            T value = this.value;
            if (value != null) {
                unwanted.accept(value);
            }
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                badRequest = true;
                abort();
                loop.run(this::refuse); // if the task had ended already
            } else if (!state.compareAndSet(NOTHING, REQUESTED) && state.get() == VALUE
                    && !loop.run(this::deliver) && state.compareAndSet(VALUE, OVER)) {
                discard();
                actual.onError(Loop.closedException());
            }
        }

        private void refuse() {
            if (state.compareAndSet(VALUE, OVER)) {
                discard();
                actual.onError(Loop.badRequest());
            }
        }

        /// The value had come before it was asked for.
        private void deliver() {
            if (state.compareAndSet(VALUE, OVER)) {
                emit();
            }
        }

        @Override
        public void cancel() {
            int before = state.getAndSet(OVER);
            T value = this.value; // by then it is there, if there is one
            if (before == VALUE) {
                discard();
            } else if (before != OVER) {
                abort();
            } else if (value != null && !(loop.isCurrent() && emitting)) { // as by next(), which passes it on after that
                leftOver.accept(value);
            }
        }

        private void abort() {
            JoinHandle<Void> task = this.task;
            if (task != null) { // else it has not begun, and will see
                task.abort();
            }
        }

        @Override
        @SuppressWarnings("rawtypes") // as declared by Reactor
        public @Nullable Object scanUnsafe(Attr key) {
            if (key == Attr.ACTUAL) {
                return actual;
            }
            if (key == Attr.TERMINATED) {
                return state.get() == OVER;
            }
            return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
        }
    }

    /// Makes and polls the real future, and reports to the subscription.
    private static final class Poller<T> implements Future<Void> {

        private final Supplier<Future<T>> futures;
        private final Run<T> run;
        private @Nullable Future<T> future;

        Poller(Supplier<Future<T>> futures, Run<T> run) {
            this.futures = futures;
            this.run = run;
        }

        @Override
        public boolean poll(Waker waker) {
            try {
                Future<T> future = this.future;
                if (future == null) {
                    future = futures.get();
                    this.future = future;
                }
                if (!future.poll(waker)) {
                    return false;
                }
                run.succeed(future.result());
            } catch (Throwable t) {
                try {
                    letGo();
                } finally {
                    run.fail(t);
                }
            }
            return true;
        }

        /// Releases what the future holds if its poll has thrown. No effect if its result was taken.
        private void letGo() {
            Future<T> future = this.future;
            if (future != null) {
                future.cancel();
            }
        }

        @Override
        public @Nullable Void result() {
            return null;
        }

        @Override
        public void cancel() {
            letGo();
            run.aborted();
        }
    }
}

package io.trale.reactive;

import static io.trale.stress.Schedule.check;
import static io.trale.stress.Schedule.go;

import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.LoopSubscription;
import io.trale.reactive.loop.ReadyFuture;
import io.trale.sim.SimPeer;
import io.trale.stress.Schedule;
import io.trale.stress.Twin;
import io.trale.task.OnSharedKernel;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.context.Context;

/// Schedules in which other threads use subscriptions, sends, opening monos and schedulers of a loop.
public class ReactiveSchedules {

    /// For nested classes only.
    ReactiveSchedules() {}

    private static Trale start(OnSharedKernel kernel) {
        return Trale.start(kernel.shared.kernel(), kernel.options());
    }

    /// A subscriber that checks the order of its signals. It requests nothing by itself.
    static final class Checking<T> implements CoreSubscriber<T> {

        final List<T> received = new ArrayList<>();
        final Semaphore elements = new Semaphore(0);
        final CountDownLatch over = new CountDownLatch(1);
        final AtomicInteger discarded = new AtomicInteger();
        volatile Subscription subscription;
        volatile Throwable failure;
        private boolean inside;
        private int ends;

        @Override
        public Context currentContext() {
            return Context.of("reactor.onDiscard.local", (Consumer<Object>) any -> {
                if (any instanceof ByteBuffer) { // not a source that was never subscribed to
                    discarded.incrementAndGet();
                }
            });
        }

        private void signal(Runnable signal) {
            check(!inside, "nested signal");
            check(ends == 0, "signal after the terminal signal");
            inside = true;
            signal.run();
            inside = false;
        }

        @Override
        public void onSubscribe(Subscription s) {
            subscription = s;
        }

        @Override
        public void onNext(T element) {
            signal(() -> received.add(element));
            elements.release();
        }

        @Override
        public void onError(Throwable failure) {
            signal(() -> this.failure = failure);
            end();
        }

        @Override
        public void onComplete() {
            signal(() -> { });
            end();
        }

        private void end() {
            ends++;
            over.countDown();
        }
    }

    // ---- subscriptions

    /// Emits the numbers from 1 to `last` without waiting.
    private static final class Numbers extends LoopSubscription<Integer> {

        private final int last;
        private int emitted;
        private int stops;

        Numbers(Loop loop, CoreSubscriber<? super Integer> actual, int last) {
            super(loop, actual);
            this.last = last;
        }

        @Override
        protected void progress() {
            while (wanted() && emitted < last) {
                next(++emitted);
            }
            if (emitted == last && !isOver()) {
                complete();
            }
        }

        @Override
        protected void stop() {
            stops++;
        }
    }

    /// Two threads request. The source emits the requested number of elements.
    @Twin(fault = "the loop reads and clears the demand in two steps", of = "reactive.loop.LoopSubscription",
            real = "demand = Operators.addCap(demand, REQUESTED.getAndSet(this, 0));",
            broken = "long before = requested; requested = 0; demand = Operators.addCap(demand, before);")
    public static class RequestAndRequest implements Schedule {

        /// For Fray.
        public RequestAndRequest() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            Checking<Integer> subscriber = new Checking<>();
            Numbers numbers = new Numbers(trale.loop, subscriber, 4);
            numbers.subscribe();
            Act twice = () -> {
                numbers.request(1);
                numbers.request(1);
            };
            Thread a = go(twice);
            Thread b = go(twice);
            subscriber.over.await();
            check(subscriber.received.equals(List.of(1, 2, 3, 4)), "received " + subscriber.received);
            a.join();
            b.join();
            trale.close();
            check(numbers.stops == 1, "stops " + numbers.stops);
            kernel.end();
        }
    }

    /// A thread requests each element when it has received the one before.
    @Twin(fault = "the loop clears `scheduled` after the drain", of = "reactive.loop.LoopSubscription",
            real = "scheduled = 0;",
            broken = "if (state != State.NEW) { drain(); scheduled = 0; return; } scheduled = 0;")
    public static class RequestEach implements Schedule {

        /// For Fray.
        public RequestEach() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            Checking<Integer> subscriber = new Checking<>();
            Numbers numbers = new Numbers(trale.loop, subscriber, 5);
            numbers.subscribe();
            for (int i = 0; i < 5; i++) {
                numbers.request(1);
                subscriber.elements.acquire();
            }
            subscriber.over.await();
            trale.close();
            check(numbers.stops == 1, "stops " + numbers.stops);
            kernel.end();
        }
    }

    /// One thread requests, another cancels. The source emits at most the requested number of elements and no terminal
    /// signal, and is stopped.
    @Twin(fault = "a cancel from another thread does not wake the loop", of = "reactive.loop.LoopSubscription",
            real = "} else if (scheduled == 0 && SCHEDULED.compareAndSet(this, 0, 1)) {",
            broken = "} else if (!cancelled && scheduled == 0 && SCHEDULED.compareAndSet(this, 0, 1)) {")
    public static class RequestAndCancel implements Schedule {

        /// For Fray.
        public RequestAndCancel() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            Checking<Integer> subscriber = new Checking<>();
            Numbers numbers = new Numbers(trale.loop, subscriber, 3);
            numbers.subscribe();
            Thread a = go(() -> numbers.request(2));
            Thread b = go(numbers::cancel);
            a.join();
            b.join();
            trale.close();
            check(subscriber.received.size() <= 2, "received " + subscriber.received);
            check(subscriber.over.getCount() == 1, "terminal signal after cancel");
            check(numbers.stops == 1, "stops " + numbers.stops);
            kernel.end();
        }
    }

    /// One thread subscribes and requests, another closes the loop. A terminal signal is emitted.
    @Twin(fault = "a subscription after the end of the loop is not signalled", of = "reactive.loop.LoopSubscription",
            real = "loop.later(this, this::loopHasEnded);", broken = "loop.execute(this);")
    public static class SubscribeAndClose implements Schedule {

        /// For Fray.
        public SubscribeAndClose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            Checking<Integer> subscriber = new Checking<>();
            Thread a = go(() -> {
                Numbers numbers = new Numbers(trale.loop, subscriber, 1);
                numbers.subscribe();
                numbers.request(1);
            });
            trale.close();
            a.join();
            subscriber.over.await();
            kernel.end();
        }
    }

    // ---- opening monos

    /// Creates one value for each subscription.
    private static final class Opening {

        private final CountDownLatch begun = new CountDownLatch(1);
        private final AtomicInteger made = new AtomicInteger();
        private final AtomicInteger unwanted = new AtomicInteger();
        private final AtomicInteger leftOver = new AtomicInteger();

        Mono<Integer> mono(Trale trale) {
            return new FutureMono<Integer>(trale.loop, () -> new ReadyFuture<>(() -> {
                int value = made.incrementAndGet();
                begun.countDown();
                return value;
            }), any -> unwanted.incrementAndGet(), any -> leftOver.incrementAndGet());
        }

        /// Throws unless each value was signalled or discarded.
        void checkValues(Checking<Integer> subscriber) {
            check(made.get() == unwanted.get() + subscriber.received.size(),
                    "made " + made + ", unwanted " + unwanted + ", received " + subscriber.received);
        }
    }

    /// One thread requests the value while it is created, another cancels. Each created value is either signalled or discarded.
    /// Since there is a cancel, an operator may have dropped a value that was signalled, so that one is passed on as left over.
    @Twin(fault = "a value that races with a cancel is not discarded", of = "reactive.loop.FutureMono",
            real = "} else if (value != null) { unwanted.accept(value); }", broken = "}")
    @Twin(fault = "the loop looks for a cancel before it shows the value to it", of = "reactive.loop.FutureMono",
            real = "signalled = value; if (isOver()) { return; }",
            broken = "if (isOver()) { return; } signalled = value;")
    public static class OpenAndCancel implements Schedule {

        /// For Fray.
        public OpenAndCancel() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            Opening opening = new Opening();
            Checking<Integer> subscriber = new Checking<>();
            opening.mono(trale).subscribe(subscriber);
            Subscription subscription = subscriber.subscription;
            Thread a = go(() -> {
                opening.begun.await();
                subscription.request(1);
            });
            Thread b = go(() -> {
                opening.begun.await();
                subscription.cancel();
            });
            a.join();
            b.join();
            trale.close();
            opening.checkValues(subscriber);
            check(opening.made.get() <= opening.unwanted.get() + opening.leftOver.get(),
                    "made " + opening.made + ", left over " + opening.leftOver);
            kernel.end();
        }
    }

    /// One thread subscribes and requests, another closes the loop. Every subscriber gets a terminal signal, also one that has
    /// requested nothing.
    @Twin(fault = "the close of the loop does not end a subscription whose value is not requested", of = "reactive.loop.FutureMono",
            real = "loop.begun(this, this::drain);", broken = "")
    public static class OpenAndClose implements Schedule {

        /// For Fray.
        public OpenAndClose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            Opening opening = new Opening();
            Checking<Integer> subscriber = new Checking<>();
            Checking<Integer> quiet = new Checking<>();
            opening.mono(trale).subscribe(quiet);
            Thread a = go(() -> {
                opening.mono(trale).subscribe(subscriber);
                subscriber.subscription.request(1);
            });
            Thread b = go(trale::close);
            a.join();
            b.join();
            subscriber.over.await();
            quiet.over.await();
            opening.checkValues(subscriber);
            kernel.end();
        }
    }

    // ---- the scheduler

    /// One thread schedules on a worker, and another disposes the scheduler gracefully and then the worker; a third schedules
    /// directly. The loop is occupied by a task, and the graceful dispose waits for that.
    @Twin(fault = "a task that is added after the dispose is not disposed", of = "reactive.scheduler.TraleWorker",
            real = "if (isRefusing() || !task.start()) {", broken = "if (!task.start()) {")
    @Twin(fault = "the end is detected by the size of the set", of = "reactive.scheduler.TraleWorker",
            real = "if (live.decrementAndGet() == DISPOSED && parent == null) {",
            broken = "if (live.decrementAndGet() < 0 && tasks.isEmpty() && parent == null) {")
    public static class ScheduleAndDispose implements Schedule {

        private final List<Disposable> delayed = new ArrayList<>();
        private final AtomicInteger accepted = new AtomicInteger();
        private final AtomicInteger ran = new AtomicInteger();

        /// For Fray.
        public ScheduleAndDispose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            Scheduler scheduler = trale.scheduler();
            Scheduler.Worker worker = scheduler.createWorker();
            CountDownLatch occupied = new CountDownLatch(1);
            CountDownLatch ended = new CountDownLatch(1);
            scheduler.schedule(() -> await(occupied));
            Thread a = go(() -> schedule(() -> {
                for (int i = 0; i < 4; i++) {
                    delayed.add(worker.schedule(() -> { }, Long.MAX_VALUE, TimeUnit.NANOSECONDS));
                }
            }));
            Thread b = go(() -> {
                scheduler.disposeGracefully().subscribe(never -> { }, failure -> { }, ended::countDown);
                worker.dispose();
            });
            Thread c = go(() -> schedule(() -> {
                scheduler.schedule(ran::incrementAndGet);
                accepted.incrementAndGet();
            }));
            a.join();
            b.join();
            c.join();
            check(delayed.stream().allMatch(Disposable::isDisposed), "accepted but not disposed");
            check(ended.getCount() == 1, "the scheduler has ended, but a task has not");
            occupied.countDown();
            ended.await();
            check(ran.get() == accepted.get(), "accepted " + accepted + ", ran " + ran);
            trale.close();
            kernel.end();
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private static void schedule(Runnable schedule) {
            try {
                schedule.run();
            } catch (RejectedExecutionException e) {
                // disposed
            }
        }
    }

    /// A task is disposed while the loop runs it. The scheduler still ends.
    @Twin(fault = "the loop checks whether a task is disposed and marks it as running in two steps",
            of = "reactive.scheduler.ScheduledTask", real = "if (!STATE.compareAndSet(this, WAITING, RUNNING)) {",
            broken = "int seen = state; state = RUNNING; if (seen != WAITING) {")
    public static class RunAndDispose implements Schedule {

        /// For Fray.
        public RunAndDispose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            Scheduler scheduler = trale.scheduler();
            Disposable task = scheduler.schedule(() -> { });
            Thread a = go(task::dispose);
            scheduler.disposeGracefully().block();
            a.join();
            trale.close();
            kernel.end();
        }
    }

    // ---- sends

    /// Emits `count` elements of one byte on its own thread, as requested.
    private static final class Elsewhere implements Publisher<ByteBuffer>, Subscription {

        private final int count;
        private Subscriber<? super ByteBuffer> subscriber;
        private long demand;
        private boolean cancelled;
        private int emitted;
        private Thread thread;

        Elsewhere(int count) {
            this.count = count;
        }

        @Override
        public void subscribe(Subscriber<? super ByteBuffer> s) {
            subscriber = s;
            s.onSubscribe(this);
            thread = go(this::emit);
        }

        private void emit() throws InterruptedException {
            for (int i = 0; i < count; i++) {
                synchronized (this) {
                    while (demand == 0 && !cancelled) {
                        wait();
                    }
                    if (cancelled) {
                        return;
                    }
                    demand--;
                }
                emitted++;
                subscriber.onNext(ByteBuffer.wrap(new byte[] {(byte) i}));
            }
            subscriber.onComplete();
        }

        @Override
        public synchronized void request(long n) {
            demand += n;
            notifyAll();
        }

        @Override
        public synchronized void cancel() {
            cancelled = true;
            notifyAll();
        }

        void join() throws InterruptedException {
            if (thread != null) {
                thread.join();
            }
        }
    }

    private static Connection connect(OnSharedKernel kernel, Trale trale, SimPeer[] peer) {
        Mono.fromRunnable(() -> kernel.shared.simulated().listenOn(7, accepted -> peer[0] = accepted))
                .subscribeOn(trale.scheduler()).block();
        return trale.connect(new InetSocketAddress("127.0.0.1", 7)).block();
    }

    /// Sends a source that emits on another thread. Every element arrives, in order.
    @Twin(fault = "the loop clears `scheduled` after the drain", of = "reactive.send.SendSubscriber",
            real = "scheduled = 0; drain();",
            broken = "drain(); scheduled = 0;")
    public static class SendFromElsewhere implements Schedule {

        /// For Fray.
        public SendFromElsewhere() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            SimPeer[] peer = new SimPeer[1];
            Connection connection = connect(kernel, trale, peer);
            Elsewhere source = new Elsewhere(4);
            connection.send(source).block();
            source.join();
            connection.close().block();
            trale.close();
            check(Arrays.equals(peer[0].received(), new byte[] {0, 1, 2, 3}), "received " + Arrays.toString(peer[0].received()));
            kernel.end();
        }
    }

    /// The loop is closed while a source that emits on another thread is sent. Every element is either taken or discarded,
    /// and a terminal signal is emitted.
    @Twin(fault = "elements after the end of the loop are not discarded", of = "reactive.send.SendSubscriber",
            real = "private void dropLate() { drainForeign(true);", broken = "private void dropLate() {")
    public static class SendAndClose implements Schedule {

        /// For Fray.
        public SendAndClose() {}

        @Override
        public void run() throws Exception {
            OnSharedKernel kernel = new OnSharedKernel();
            Trale trale = start(kernel);
            SimPeer[] peer = new SimPeer[1];
            Connection connection = connect(kernel, trale, peer);
            Elsewhere source = new Elsewhere(3);
            AtomicInteger taken = new AtomicInteger();
            Checking<Void> subscriber = new Checking<>();
            Thread a = go(trale::close);
            connection.send(source, any -> taken.incrementAndGet()).subscribe(subscriber);
            subscriber.over.await();
            a.join();
            source.join();
            check(source.emitted == taken.get() + subscriber.discarded.get(),
                    "emitted " + source.emitted + ", taken " + taken + ", discarded " + subscriber.discarded);
            kernel.end();
        }
    }
}

package io.trale.reactive.send;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.trale.linux.Kernel;
import io.trale.reactive.loop.Loop;
import io.trale.reactor.Descriptor;
import io.trale.stress.Twin;
import io.trale.task.Executor;
import io.trale.task.OnLoop;
import io.trale.uring.Sqe;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

/// Other threads emit to and cancel a [SendSubscriber] whose loop has ended.
public class SendingStress {

    /// A sender that sends nothing.
    private static final class Nowhere extends Sender {

        Nowhere(Executor executor) {
            super(new Loop("stress", executor), new Descriptor(executor.reactor(), 7));
        }

        @Override
        protected void stage() { }

        @Override
        protected String describe() {
            return "nowhere";
        }

        @Override
        protected void prepare(Sqe sqe) { }

        @Override
        protected void release() { }

        @Override
        protected void sent(int result) { }
    }

    /// A subscriber that counts discarded elements.
    private record Counting(Context currentContext) implements CoreSubscriber<Void> {

        Counting(Consumer<Object> discarded) {
            this(Context.of("reactor.onDiscard.local", discarded));
        }

        @Override
        public void onSubscribe(Subscription subscription) { }

        @Override
        public void onNext(Void nothing) { }

        @Override
        public void onError(Throwable failure) { }

        @Override
        public void onComplete() { }
    }

    /// The source emits while the subscriber cancels.
    @JCStressTest
    @Outcome(id = "16, 0", expect = ACCEPTABLE, desc = "each element is discarded once")
    @Outcome(expect = FORBIDDEN, desc = "an element is lost or discarded twice, or a thread fails")
    @Twin(fault = "several threads drain a single-consumer queue", of = "reactive.send.SendSubscriber",
            real = "queue = new ConcurrentLinkedQueue<>();",
            broken = "queue = new java.util.ArrayDeque<>();")
    @State
    public static class EmitAndCancel {

        private static final int ELEMENTS = 16;

        private final AtomicIntegerArray discards = new AtomicIntegerArray(ELEMENTS);
        private final SendSubscriber<ByteBuffer> sending = new SendSubscriber<>(sender(), source -> { }, null, null,
                new Counting(element -> discards.incrementAndGet(((ByteBuffer) element).get(0))));

        private static Sender sender() {
            return new Nowhere(OnLoop.make(() -> {
                OnLoop.reactor(clock()).bind();
                Executor executor = Executor.current();
                executor.close();
                return executor;
            }));
        }

        private static Kernel clock() {
            return (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("nanoTime")) {
                            return 1L;
                        }
                        throw new AssertionError(method);
                    });
        }

        @Actor
        public void source(II_Result r) {
            try {
                for (int i = 0; i < ELEMENTS; i++) {
                    sending.onNext(ByteBuffer.wrap(new byte[] {(byte) i}));
                }
            } catch (RuntimeException e) { // in the twin only
                r.r2++;
            }
        }

        @Actor
        public void subscriber() {
            try {
                sending.cancel();
            } catch (RuntimeException e) { // in the twin only
                discards.incrementAndGet(0);
            }
        }

        @Arbiter
        public void later(II_Result r) {
            r.r1 = IntStream.range(0, ELEMENTS).map(discards::get).sum();
            r.r2 += (int) IntStream.range(0, ELEMENTS).filter(i -> discards.get(i) != 1).count();
        }
    }
}

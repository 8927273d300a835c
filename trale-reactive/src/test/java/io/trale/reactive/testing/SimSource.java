package io.trale.reactive.testing;

import io.trale.sim.SimKernel;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/// A source on a simulated kernel that emits at random times and on random threads, within its demand.
///
/// @param size the bytes of an element, except the last; 0 for random sizes, which may be 0
public record SimSource(SimKernel kernel, byte[] bytes, int size, List<String> breaches, boolean elsewhere)
        implements Publisher<ByteBuffer> {

    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
        subscriber.onSubscribe(new Emission(subscriber));
    }

    private static ByteBuffer direct(ByteBuffer bytes) {
        return ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip();
    }

    private final class Emission implements Subscription {

        private final Subscriber<? super ByteBuffer> subscriber;
        private int position;
        private long demand;
        private boolean emitting;
        private boolean over;

        Emission(Subscriber<? super ByteBuffer> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                breaches.add("request(" + n + ")");
            }
            demand += n;
            later();
        }

        private void later() {
            if (emitting || over) {
                return;
            }
            emitting = true;
            if (elsewhere) {
                kernel.foreignAfter(kernel.random().nextLong(200_000), this::emit);
            } else {
                emit();
            }
        }

        private void emit() {
            SplittableRandom random = kernel.random();
            while (demand > 0 && !over && position < bytes.length) {
                demand--;
                int count = Math.min(bytes.length - position, size > 0 ? size : random.nextInt(100));
                ByteBuffer element = ByteBuffer.wrap(bytes, position, count);
                position += count;
                subscriber.onNext(random.nextBoolean() ? element : direct(element));
                if (elsewhere && random.nextInt(3) == 0) {
                    break;
                }
            }
            emitting = false;
            if (!over && position == bytes.length) {
                over = true;
                subscriber.onComplete();
            } else if (demand > 0 && elsewhere) {
                later();
            }
        }

        @Override
        public void cancel() {
            over = true;
        }
    }
}

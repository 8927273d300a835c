package io.trale.reactive.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Internals;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.Support;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/// A sender learns of each element when the kernel has taken it: once for each, in order, not too early. The callback may call
/// any method.
class WhenTakenTest extends ConnectionTestBase {

    private static ByteBuffer buffer(String text) {
        return ByteBuffer.wrap(text.getBytes());
    }

    /// Elements of many sizes, some of them empty.
    private static List<ByteBuffer> elements(long seed, int count, int sizeBits) {
        Random random = new Random(seed);
        List<ByteBuffer> elements = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int size = random.nextInt(4) == 0 ? 0 : random.nextInt(1 << 1 + random.nextInt(sizeBits));
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            elements.add(ByteBuffer.wrap(bytes));
        }
        return elements;
    }

    private static void assertSame(Iterable<ByteBuffer> taken, List<ByteBuffer> elements) {
        int i = 0;
        for (ByteBuffer element : taken) {
            assertThat(element).as("element %d", i).isSameAs(elements.get(i++)); // not isEqualTo: all empty ones are equal
        }
        assertThat(i).isEqualTo(elements.size());
    }

    // ---- when it is called

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whenTakenIsCalledOncePerElementInOrder(boolean foreign) {
        List<ByteBuffer> elements = elements(1, 3000, 16);
        Queue<ByteBuffer> taken = new ConcurrentLinkedQueue<>();
        Flux<ByteBuffer> source = Flux.fromIterable(elements);
        CompletableFuture<Void> end = connection.send(foreign ? source.publishOn(Schedulers.parallel(), 8) : source, taken::add)
                .then(connection.shutdownOutput()).toFuture();
        Support.readAll(peer);
        Support.get(end);
        assertSame(taken, elements);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cancel", "abort", "reset", "close the loop"})
    void anElementIsEitherTakenOrDiscarded(String how) throws Exception {
        List<ByteBuffer> emitted = new ArrayList<>();
        List<ByteBuffer> taken = new ArrayList<>();
        List<ByteBuffer> discarded = new ArrayList<>();
        CompletableFuture<Void> over = new CompletableFuture<>();
        Disposable send = connection.send(Flux.<ByteBuffer>generate(sink -> {
            ByteBuffer element = ByteBuffer.allocate(emitted.size() % 5 == 0 ? 0 : 10_000);
            emitted.add(element);
            sink.next(element);
        }), taken::add).doOnDiscard(ByteBuffer.class, discarded::add).doFinally(s -> over.complete(null))
                .subscribe(null, failure -> { });
        Support.untilStalled(trale, 1);
        switch (how) {
            case "cancel" -> send.dispose();
            case "abort" -> connection.abort();
            case "reset" -> Support.reset(peer);
            default -> trale.close();
        }
        Support.get(over);
        if (how.equals("cancel")) { // a cancel stops at the end of an element, so the peer must read
            connection.shutdownOutput().subscribe();
            Support.readAll(peer);
        }
        Support.until("all is settled", () -> !Internals.loop(trale).reactor.isOpen()
                || Support.onLoop(trale, () -> taken.size() + discarded.size() == emitted.size()));
        taken.addAll(discarded);
        assertSame(taken, emitted);
        assertThat(discarded).isNotEmpty();
    }

    @Test
    void elementsSentBeforeAnUnreadableOneAreReported() {
        ByteBuffer freed;
        try (Arena arena = Arena.ofShared()) {
            freed = arena.allocate(100).asByteBuffer();
        }
        ByteBuffer good = buffer("good");
        List<ByteBuffer> taken = new ArrayList<>();
        CompletableFuture<Void> send = connection.send(Flux.just(good, freed), taken::add).toFuture();
        assertThatThrownBy(() -> send.get(Support.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .hasRootCauseInstanceOf(IllegalStateException.class).hasMessageContaining("before it was sent");
        assertThat(taken).containsExactly(good);
        assertThat(Support.read(peer, 4)).isEqualTo("good".getBytes());
    }

    @Test
    void anElementEmptiedBeforeItsSendFailsTheSend() {
        ByteBuffer emptied = ByteBuffer.allocate(100);
        List<ByteBuffer> taken = new ArrayList<>();
        CompletableFuture<Void> send = Support.onLoop(trale, () -> {
            CompletableFuture<Void> staged = connection.send(Flux.just(emptied).concatWith(Flux.never()), taken::add)
                    .toFuture();
            emptied.limit(0);
            return staged;
        });
        assertThatThrownBy(() -> send.get(Support.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .hasRootCauseInstanceOf(IOException.class).hasMessageContaining("changed before it was sent");
    }

    // ---- calls inside the callback

    /// Sends four elements, which go out together, and runs `action` when the first is taken.
    private List<ByteBuffer> sendFour(Consumer<Disposable> action) {
        List<ByteBuffer> taken = new ArrayList<>();
        Support.onLoop(trale, () -> {
            Disposable.Swap send = Disposables.swap();
            send.update(connection.send(Flux.just(buffer("one,"), buffer("two,"), buffer("three,"), buffer("four,"))
                    .concatWith(Flux.never()), element -> {
                        taken.add(element);
                        if (taken.size() == 1) {
                            action.accept(send);
                        }
                    }).subscribe(null, failure -> { }));
            return null;
        });
        return taken;
    }

    @Test
    void aCancelInWhenTakenLeavesTheNextSendComplete() {
        CompletableFuture<Void> next = new CompletableFuture<>();
        List<ByteBuffer> taken = sendFour(send -> {
            connection.send(Flux.just(buffer("next,"), buffer("last"))).subscribe(null, next::completeExceptionally,
                    () -> next.complete(null));
            send.dispose();
        });
        assertThat(new String(Support.read(peer, 28))).isEqualTo("one,two,three,four,next,last");
        Support.get(next);
        assertThat(taken).hasSize(4);
    }

    @Test
    void anAbortInWhenTakenFailsLaterSends() {
        sendFour(send -> connection.abort());
        connection.onClose().block(LIMIT);
        assertThatThrownBy(() -> connection.send(Mono.just(buffer("x"))).block(LIMIT))
                .hasRootCauseInstanceOf(ClosedChannelException.class).hasMessageContaining("closed on this side");
    }

    @Test
    void aSendInWhenTakenFollows() {
        Sinks.Many<ByteBuffer> sink = Sinks.many().unicast().onBackpressureBuffer();
        Queue<ByteBuffer> taken = new ConcurrentLinkedQueue<>();
        connection.send(sink.asFlux(), element -> {
            taken.add(element);
            if (taken.size() < 1000) {
                sink.tryEmitNext(buffer(taken.size() + ",")).orThrow();
            }
        }).subscribe();
        Support.onLoop(trale, () -> sink.tryEmitNext(buffer("0,"))).orThrow();
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            expected.append(i).append(',');
        }
        assertThat(new String(Support.read(peer, expected.length()))).hasToString(expected.toString());
        Support.until("all are taken", () -> taken.size() == 1000);
    }

    @Test
    void anExceptionOfWhenTakenIsDropped() {
        Queue<Throwable> dropped = new ConcurrentLinkedQueue<>();
        Hooks.onErrorDropped(dropped::add);
        try {
            connection.send(Flux.just(buffer("one,"), buffer("two")), element -> {
                throw new IllegalStateException("thrown when taken");
            }).block(LIMIT);
            assertThat(new String(Support.read(peer, 7))).isEqualTo("one,two");
            assertThat(dropped).hasSize(2).allSatisfy(failure -> assertThat(failure).hasMessage("thrown when taken"));
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    // ---- the purpose: buffers that are reused

    /// A source with few buffers, which overwrites, fills and emits each again after it is taken. Loop thread only.
    private static final class ReusingSource implements Publisher<ByteBuffer>, Subscription {

        private final Random random;
        private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
        private final long total;
        private Subscriber<? super ByteBuffer> subscriber;
        private long demand;
        private long position;
        private boolean emitting;
        private boolean over;

        ReusingSource(long seed, int buffers, int bytes, long total) {
            random = new Random(seed);
            this.total = total;
            for (int i = 0; i < buffers; i++) {
                free.add(i % 2 == 0 ? ByteBuffer.allocate(bytes) : ByteBuffer.allocateDirect(bytes));
            }
        }

        static byte at(long position) {
            return (byte) (position * 31 + (position >> 8) * 17 + (position >> 16));
        }

        @Override
        public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
            this.subscriber = subscriber;
            subscriber.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            demand += n;
            emit();
        }

        void taken(ByteBuffer buffer) {
            buffer.clear();
            while (buffer.hasRemaining()) {
                buffer.put((byte) 0xee);
            }
            free.add(buffer);
            emit();
        }

        private void emit() {
            if (emitting || over) {
                return;
            }
            emitting = true;
            while (demand > 0 && !free.isEmpty() && position < total) {
                demand--;
                ByteBuffer buffer = free.remove().clear();
                int size = (int) Math.min(total - position, random.nextInt(1 << 1 + random.nextInt(16)));
                buffer.limit(Math.min(size, buffer.capacity()));
                while (buffer.hasRemaining()) {
                    buffer.put(at(position++));
                }
                subscriber.onNext(buffer.flip());
            }
            emitting = false;
            if (position == total && !over) {
                over = true;
                subscriber.onComplete();
            }
        }

        @Override
        public void cancel() {
            over = true;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 40})
    void aBufferReusedInWhenTakenSpoilsNothing(int buffers) throws Exception {
        long total = Support.TORTURE ? 256 << 20 : 8 << 20;
        ReusingSource source = new ReusingSource(buffers, buffers, 40_000, total);
        CompletableFuture<Void> send = connection.send(source, source::taken).toFuture();
        Random random = new Random(-buffers);
        for (long at = 0; at < total;) {
            if (random.nextInt(20) == 0) {
                Support.asleep(trale); // so that the socket buffers fill
            }
            byte[] piece = Support.read(peer, (int) Math.min(total - at, 1 + random.nextInt(200_000)));
            for (byte each : piece) {
                if (each != ReusingSource.at(at++)) {
                    throw new AssertionError("byte " + (at - 1) + " is " + each);
                }
            }
        }
        Support.get(send);
        assertThat(Support.onLoop(trale, () -> source.free)).hasSize(buffers);
    }
}

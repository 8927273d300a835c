package io.trale.reactive.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Sink;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.Support;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SubmissionPublisher;
import org.junit.jupiter.api.Test;
import org.reactivestreams.FlowAdapters;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.test.publisher.TestPublisher;

/// How a sink treats its source at every stage of its operation. The operation is a send.
class SinkTest extends ConnectionTestBase {

    private final Sink<ByteBuffer> sink = connection.sink();

    private static ByteBuffer buffer(String text) {
        return ByteBuffer.wrap(text.getBytes());
    }

    private String received() {
        connection.shutdownOutput().block(LIMIT);
        return new String(Support.readAll(peer));
    }

    private static Throwable failure(Sink<?> sink) {
        return Support.get(sink.onEnd().toFuture().handle((nothing, failure) -> failure));
    }

    @Test
    void elementsAreSentAndOnEndCompletesForEachSubscriber() {
        CompletableFuture<Void> before = sink.onEnd().toFuture();
        Flux.just(buffer("one,"), buffer("two")).subscribe(sink);
        Support.get(before);
        sink.onEnd().block(LIMIT);
        assertThat(received()).isEqualTo("one,two");
    }

    @Test
    void aFlowPublisherMayBeTheSource() {
        try (SubmissionPublisher<ByteBuffer> publisher = new SubmissionPublisher<>()) {
            publisher.subscribe(FlowAdapters.toFlowSubscriber(sink));
            for (int i = 0; i < 10_000; i++) {
                publisher.submit(ByteBuffer.allocate(100));
                if (i % 100 == 0) {
                    Support.read(peer, i == 0 ? 100 : 10_000);
                }
            }
        }
        Support.read(peer, 9_900);
        sink.onEnd().block(LIMIT);
    }

    @Test
    void theSourcesFailureComesAfterItsElements() {
        IllegalStateException broken = new IllegalStateException("the source broke");
        Flux.just(buffer("one")).concatWith(Flux.error(broken)).subscribe(sink);
        assertThat(failure(sink)).isSameAs(broken);
        assertThat(received()).isEqualTo("one");
    }

    /// The send is queued, and subscribes after the source has ended.
    @Test
    void aSourceMayEndBeforeItsTurn() {
        IllegalStateException broken = new IllegalStateException("the source broke");
        Sinks.Many<ByteBuffer> first = Sinks.many().unicast().onBackpressureBuffer();
        CompletableFuture<Void> send = connection.send(first.asFlux()).toFuture();
        Sink<ByteBuffer> failing = connection.sink();
        Flux.<ByteBuffer>empty().subscribe(sink);
        Flux.<ByteBuffer>error(broken).subscribe(failing);
        CompletableFuture<Void> end = sink.onEnd().toFuture();
        Support.asleep(trale);
        assertThat(end).isNotDone();
        first.tryEmitComplete().orThrow();
        Support.get(send);
        Support.get(end);
        assertThat(failure(failing)).isSameAs(broken);
    }

    @Test
    void nothingIsRequestedBeforeTheTurnOfTheSend() {
        Sinks.Many<ByteBuffer> first = Sinks.many().unicast().onBackpressureBuffer();
        connection.send(first.asFlux()).subscribe();
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        source.subscribe(sink);
        Support.asleep(trale);
        source.assertWasNotRequested();
        first.tryEmitComplete().orThrow();
        Support.untilAsked(source);
        source.next(buffer("x")).complete();
        sink.onEnd().block(LIMIT);
        assertThat(received()).isEqualTo("x");
    }

    // ---- dispose

    @Test
    void disposeCancelsTheSourceAndFailsOnEnd() {
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        source.subscribe(sink);
        Support.untilAsked(source);
        sink.dispose();
        assertThat(failure(sink)).isInstanceOf(CancellationException.class);
        assertThat(sink.isDisposed()).isTrue();
        Support.until("it is cancelled", source::wasCancelled);
    }

    @Test
    void disposeOfAQueuedSinkCancelsTheSource() {
        connection.send(Flux.never()).subscribe();
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        source.subscribe(sink);
        sink.dispose();
        assertThat(failure(sink)).isInstanceOf(CancellationException.class);
        source.assertCancelled();
        source.assertWasNotRequested();
    }

    @Test
    void disposeBeforeOnSubscribeCancelsTheSource() {
        sink.dispose();
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        source.subscribe(sink);
        source.assertCancelled();
        source.assertWasNotRequested();
    }

    @Test
    void disposeAfterTheEndHasNoEffect() {
        Flux.just(buffer("x")).subscribe(sink);
        sink.onEnd().block(LIMIT);
        sink.dispose();
        sink.onEnd().block(LIMIT);
    }

    // ---- operations that fail

    @Test
    void anEarlyFailureOfTheOperationCancelsTheSource() {
        connection.close().block(LIMIT);
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        source.subscribe(sink);
        assertThat(failure(sink)).isInstanceOf(ClosedChannelException.class);
        Support.until("it is cancelled", source::wasCancelled);
    }

    @Test
    void aFailedOperationCancelsTheSource() {
        TestPublisher<ByteBuffer> source = TestPublisher.create();
        source.subscribe(sink);
        Support.untilAsked(source);
        connection.abort();
        assertThat(failure(sink)).isInstanceOf(ClosedChannelException.class);
        Support.until("it is cancelled", source::wasCancelled);
    }

    @Test
    void aSecondSourceIsCancelledAndTheFirstContinues() {
        TestPublisher<ByteBuffer> first = TestPublisher.create();
        TestPublisher<ByteBuffer> second = TestPublisher.create();
        first.subscribe(sink);
        second.subscribe(sink);
        second.assertCancelled();
        Support.untilAsked(first);
        first.next(buffer("x")).complete();
        sink.onEnd().block(LIMIT);
        assertThat(received()).isEqualTo("x");
    }

    @Test
    void nullSignalsThrow() {
        assertThatThrownBy(() -> sink.onSubscribe(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> sink.onNext(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> sink.onError(null)).isInstanceOf(NullPointerException.class);
    }
}

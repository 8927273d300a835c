package io.trale.reactive.send;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.reactive.Sink;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.RuleCheckingSubscriber;
import io.trale.reactive.testing.Support;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/// Signals that arrive after the end of a send or sink go to Reactor's hooks.
class LateSignalsTest extends ConnectionTestBase {

    private static final IllegalStateException LATE = new IllegalStateException("late");

    private final CompletableFuture<Throwable> droppedError = new CompletableFuture<>();
    private final CompletableFuture<Object> droppedElement = new CompletableFuture<>();

    private Mono<Void> withHook(Mono<Void> send) {
        Consumer<Throwable> hook = droppedError::complete;
        return send.contextWrite(context -> context.put("reactor.onErrorDropped.local", hook));
    }

    /// The subscriber that a send gives to its source, after a first request and the end of the send.
    private Subscriber<? super ByteBuffer> ended(Consumer<Object> discarded) {
        CompletableFuture<Subscriber<? super ByteBuffer>> subscriber = new CompletableFuture<>();
        CompletableFuture<Void> sent = withHook(connection.send(subscriber::complete))
                .doOnDiscard(ByteBuffer.class, discarded).toFuture();
        Support.get(subscriber).onSubscribe(Operators.emptySubscription());
        Support.get(subscriber).onComplete();
        Support.get(sent);
        return Support.get(subscriber);
    }

    @Test
    void theErrorOfASourceThatHasCompletedIsDropped() {
        ended(discarded -> { }).onError(LATE);
        assertThat(Support.get(droppedError)).isSameAs(LATE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theErrorOfASourceWhoseSendHasFailedIsDropped(boolean afterTheLoop) {
        CompletableFuture<Subscriber<? super ByteBuffer>> subscriber = new CompletableFuture<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        withHook(connection.send(subscriber::complete)).subscribe(null, end::complete);
        Support.get(subscriber).onSubscribe(Operators.emptySubscription());
        connection.abort();
        Support.get(end);
        if (afterTheLoop) {
            trale.close();
        }
        Support.get(subscriber).onError(LATE);
        assertThat(Support.get(droppedError)).isSameAs(LATE);
    }

    @Test
    void anEarlierSourceFailureIsSuppressedInTheSendFailure() {
        CompletableFuture<Subscriber<? super ByteBuffer>> subscriber = new CompletableFuture<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        connection.send(subscriber::complete).subscribe(null, end::complete);
        SendSourceTest.RecordingSubscription recording = new SendSourceTest.RecordingSubscription();
        Support.get(subscriber).onSubscribe(recording);
        Support.get(recording.requested);
        Support.get(subscriber).onNext(ByteBuffer.allocate(64 << 20));
        Support.untilStalled(trale, 1);
        Support.get(subscriber).onError(LATE);
        Support.reset(peer);
        assertThat(Support.get(end)).isInstanceOf(ErrnoException.class).hasSuppressedException(LATE);
    }

    @Test
    void theErrorOfASourceWhoseSinkWasRefusedIsDropped() {
        Hooks.onErrorDropped(droppedError::complete);
        try {
            connection.abort();
            Sink<ByteBuffer> sink = connection.sink();
            SendSourceTest.RecordingSubscription recording = new SendSourceTest.RecordingSubscription();
            sink.onSubscribe(recording);
            Support.get(recording.cancelled);
            sink.onError(LATE);
            assertThat(Support.get(droppedError)).isSameAs(LATE);
        } finally {
            Hooks.resetOnErrorDropped();
        }
    }

    @Test
    void theElementOfASourceThatHasCompletedIsDiscarded() {
        CompletableFuture<Object> discarded = new CompletableFuture<>();
        ByteBuffer element = ByteBuffer.allocate(1);
        ended(discarded::complete).onNext(element);
        assertThat(Support.get(discarded)).isSameAs(element);
    }

    @Test
    void anErrorAfterACancelOfTheSendIsDropped() {
        Disposable send = withHook(connection.send(Mono.just(ByteBuffer.allocate(64 << 20)))).subscribe();
        Support.untilStalled(trale, 1); // in the middle of an element, which is sent to its end
        send.dispose();
        Support.reset(peer);
        assertThat(Support.get(droppedError)).isInstanceOf(ErrnoException.class);
    }

    @Test
    void signalsOfASinkWithoutDemandOrAfterTheEndAreDropped() {
        Hooks.onNextDropped(droppedElement::complete);
        Hooks.onErrorDropped(droppedError::complete);
        try {
            Disposable before = connection.send(Flux.never()).subscribe();
            Sink<ByteBuffer> sink = connection.sink(); // queued, so it requests nothing
            ByteBuffer element = ByteBuffer.allocate(1);
            sink.onSubscribe(Operators.emptySubscription());
            sink.onNext(element);
            assertThat(Support.get(droppedElement)).isSameAs(element);
            sink.onComplete();
            sink.onError(LATE);
            assertThat(Support.get(droppedError)).isSameAs(LATE);
            before.dispose();
            Support.get(sink.onEnd().toFuture());
        } finally {
            Hooks.resetOnNextDropped();
            Hooks.resetOnErrorDropped();
        }
    }

    /// For example, a timeout cancels the handler of a stalled client: that must log no error.
    @Test
    void anAbortAfterACancelDropsNoError() {
        Disposable send = withHook(connection.send(Mono.just(ByteBuffer.allocate(64 << 20)))).subscribe();
        Support.untilStalled(trale, 1); // in the middle of an element
        send.dispose();
        connection.abort();
        Support.get(connection.onClose().toFuture());
        assertThat(droppedError).isNotDone();
    }

    @Test
    void aSendCancelledAtOnceOnAClosedLoopSignalsNothing() {
        trale.close();
        RuleCheckingSubscriber<Void> hasty = new RuleCheckingSubscriber<>() {
            @Override
            protected void start() {
                cancel();
            }

            @Override
            protected void element(Void nothing) {}

            @Override
            protected void end(Throwable failure) {}
        };
        connection.send(Flux.never()).subscribe(hasty);
        assertThat(hasty.breaches).isEmpty();
    }
}

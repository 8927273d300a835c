package io.trale.reactive.stream;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Internals;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Hooks;
import reactor.test.StepVerifier;

/// The bytes are read only where the kernel wrote them. The function has access to the memory during its call only, and the
/// buffer is returned however the call ends.
class ReceiveWithTest extends ConnectionTestBase {

    private static final int BUFFERS = 4;

    ReceiveWithTest() {
        super(ExecutorOptions.defaults().receiveBuffers(BUFFERS, 4096));
    }

    @AfterEach
    void everyBufferIsBack() {
        assertThat(freeBuffers()).as("returned buffers").isEqualTo(BUFFERS);
    }

    private int freeBuffers() {
        return Support.onLoop(trale, () -> Internals.loop(trale).reactor.pools().receiveGroup().free());
    }

    private void send(String text) {
        Support.write(peer, text.getBytes());
    }

    private static String text(MemorySegment segment) {
        return new String(segment.toArray(JAVA_BYTE));
    }

    /// The next bytes go to the next subscriber.
    private void assertGoesOnWith(String text) {
        StepVerifier.create(connection.receiveWith(ReceiveWithTest::text).take(1))
                .then(() -> send(text))
                .expectNext(text).expectComplete().verify(LIMIT);
    }

    // ---- the segment

    @Test
    void theSegmentHasTheBytesAndIsWritable() {
        StepVerifier.create(connection.receiveWith(segment -> {
            assertThat(segment.isNative()).isTrue();
            assertThat(segment.byteSize()).isEqualTo(5);
            segment.set(JAVA_BYTE, 0, (byte) 'J');
            return text(segment);
        }).take(1)).then(() -> send("hello")).expectNext("Jello").expectComplete().verify(LIMIT);
    }

    @Test
    void aSegmentThatEscapesThrowsOnAccess() {
        send("secret");
        MemorySegment escaped = connection.receiveWith(segment -> segment).blockFirst(LIMIT);
        assertUnreachable(() -> escaped.get(JAVA_BYTE, 0));
        send("secret");
        ByteBuffer buffer = connection.receiveWith(MemorySegment::asByteBuffer).blockFirst(LIMIT);
        assertUnreachable(() -> buffer.get(0));
    }

    private void assertUnreachable(Runnable access) {
        assertThatThrownBy(access::run).isInstanceOf(WrongThreadException.class);
        Support.onLoop(trale, () -> assertThatThrownBy(access::run).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed"));
    }

    @Test
    void theSegmentBelongsToTheLoopsThread() {
        List<Throwable> failures = connection.receiveWith(segment -> {
            ByteBuffer buffer = segment.asByteBuffer();
            return List.of(failureElsewhere(() -> segment.get(JAVA_BYTE, 0)), failureElsewhere(() -> buffer.get(0)),
                    failureElsewhere(() -> segment.toArray(JAVA_BYTE)));
        }).doOnSubscribe(s -> send("x")).blockFirst(LIMIT);
        assertThat(failures).hasSize(3).hasOnlyElementsOfType(WrongThreadException.class);
    }

    private static Throwable failureElsewhere(Runnable action) {
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                action.run();
                failure.complete(new AssertionError("it worked"));
            } catch (Throwable t) {
                failure.complete(t);
            }
        });
        return Support.get(failure);
    }

    @Test
    void theBufferIsNotReusedDuringTheCall() {
        send("x");
        Integer free = connection.receiveWith(segment -> Internals.loop(trale).reactor.pools().receiveGroup().free()).blockFirst(LIMIT);
        assertThat(free).isEqualTo(BUFFERS - 1);
    }

    // ---- functions that fail

    @Test
    void aFunctionThatThrowsEndsItsSubscriptionAndLosesItsBytesOnly() {
        IllegalArgumentException failure = new IllegalArgumentException("no header");
        StepVerifier.create(connection.receiveWith(segment -> {
            throw failure;
        })).then(() -> send("bad")).expectErrorSatisfies(e -> assertThat(e).isSameAs(failure)).verify(LIMIT);
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isZero();
        assertGoesOnWith("good");
    }

    /// Reactor does not catch such errors. Here bytes are lost, so the subscription must fail.
    @Test
    void anOutOfMemoryErrorInTheFunctionEndsItsSubscription() {
        StepVerifier.create(connection.receiveWith(segment -> {
            throw new OutOfMemoryError("on purpose");
        })).then(() -> send("bad")).expectErrorMessage("on purpose").verify(LIMIT);
        assertGoesOnWith("good");
    }

    @Test
    void aFunctionThatReturnsNullFails() {
        StepVerifier.create(connection.receiveWith(segment -> null)).then(() -> send("bad"))
                .expectErrorSatisfies(e -> assertThat(e).isInstanceOf(NullPointerException.class)
                        .hasMessageContaining("returned null"))
                .verify(LIMIT);
        assertGoesOnWith("good");
    }

    @Test
    void aNullFunctionThrows() {
        assertThatThrownBy(() -> connection.receiveWith(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void theErrorHookSeesWhatTheFunctionThrows() {
        Hooks.onOperatorError((failure, value) -> new IllegalStateException("seen", failure));
        try {
            StepVerifier.create(connection.receiveWith(segment -> {
                throw new IllegalArgumentException("no header");
            })).then(() -> send("bad")).expectErrorMessage("seen").verify(LIMIT);
        } finally {
            Hooks.resetOnOperatorError();
        }
    }

    // ---- functions that cancel, request and close

    /// Records signals without checks.
    private static final class RecordingSubscriber implements CoreSubscriber<String> {

        final List<String> elements = new ArrayList<>();
        final CompletableFuture<Throwable> end = new CompletableFuture<>();
        Subscription subscription;

        @Override
        public void onSubscribe(Subscription subscription) {
            this.subscription = subscription;
            subscription.request(10);
        }

        @Override
        public void onNext(String element) {
            elements.add(element);
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(failure);
        }

        @Override
        public void onComplete() {
            end.complete(null);
        }
    }

    private RecordingSubscriber subscribe(RecordingSubscriber acting, Function<MemorySegment, String> function,
            List<Object> discarded) {
        connection.receiveWith(function).doOnDiscard(Object.class, discarded::add).subscribe(acting);
        return acting;
    }

    @Test
    void aCancelInsideTheFunctionDiscardsItsResult() {
        List<Object> discarded = new ArrayList<>();
        RecordingSubscriber acting = new RecordingSubscriber();
        subscribe(acting, segment -> {
            acting.subscription.cancel();
            return text(segment);
        }, discarded);
        send("last");
        Support.until("it is called", () -> Support.onLoop(trale, () -> !discarded.isEmpty()));
        assertThat(discarded).containsExactly("last");
        assertThat(acting.elements).isEmpty();
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isZero();
        assertGoesOnWith("good");
    }

    @Test
    void anErrorAfterACancelInsideTheFunctionIsDropped() {
        CompletableFuture<Throwable> dropped = new CompletableFuture<>();
        Hooks.onErrorDropped(dropped::complete);
        try {
            RecordingSubscriber acting = new RecordingSubscriber();
            subscribe(acting, segment -> {
                acting.subscription.cancel();
                throw new IllegalStateException("too late");
            }, new ArrayList<>());
            send("last");
            assertThat(Support.get(dropped)).hasMessage("too late");
            assertThat(acting.end).isNotDone();
        } finally {
            Hooks.resetOnErrorDropped();
        }
        assertGoesOnWith("good");
    }

    @Test
    void aRequestInsideTheFunctionDoesNotRecurse() {
        int[] depth = new int[2];
        RecordingSubscriber acting = new RecordingSubscriber();
        connection.receiveWith(segment -> {
            depth[1] = Math.max(depth[1], ++depth[0]);
            acting.subscription.request(1);
            depth[0]--;
            return text(segment);
        }).subscribe(acting);
        for (int i = 0; i < 20; i++) {
            send("x");
            int count = i + 1;
            Support.until("element " + i, () -> Support.onLoop(trale, acting.elements::size) == count);
        }
        assertThat(depth[1]).isEqualTo(1);
        acting.subscription.cancel();
    }

    @ParameterizedTest
    @ValueSource(strings = {"abort", "close"})
    void aConnectionMayBeClosedInsideTheFunction(String how) {
        RecordingSubscriber acting = subscribe(new RecordingSubscriber(), segment -> {
            if (how.equals("abort")) {
                connection.abort();
            } else {
                connection.close().subscribe();
            }
            return text(segment);
        }, new ArrayList<>());
        send("last");
        assertThat(Support.get(acting.end)).isInstanceOf(ClosedChannelException.class);
        assertThat(acting.elements).containsExactly("last");
        connection.onClose().block(LIMIT);
    }
}

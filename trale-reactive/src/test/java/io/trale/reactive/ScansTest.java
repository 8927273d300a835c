package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.SinkKind;
import io.trale.reactive.testing.Support;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.Scannable;
import reactor.core.Scannable.Attr;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/// Scans and assembly hooks of sends, sinks and openings. For sources see [OperatorsTest].
class ScansTest extends ConnectionTestBase {

    private static Arguments mono(String step, BiFunction<Trale, Connection, Mono<?>> assemble) {
        return Arguments.of(step, Named.of(step, assemble));
    }

    private static Stream<Arguments> monos() {
        return Stream.of(mono("sink(traleSend)", (trale, connection) -> connection.send(Flux.empty())),
                mono("sink(traleSend)", (trale, connection) -> connection.send(Flux.empty(), taken -> { })),
                mono("sink(traleSendLeases)", (trale, connection) -> connection.sendLeases(Flux.empty())),
                mono("sink(traleSendDatagrams)", (trale, connection) -> SinkKind.endpoint(trale).send(Flux.empty())),
                mono("sink(traleWrite)", (trale, connection) -> trale.write(Path.of("/dev/null"), Flux.empty())),
                mono("future", (trale, connection) -> trale.event()),
                mono("future", (trale, connection) -> trale.bind(Support.loopback(0))),
                mono("future", (trale, connection) -> trale.connect(Support.loopback(1))),
                mono("future", (trale, connection) -> trale.udp(Support.loopback(0))));
    }

    @ParameterizedTest
    @MethodSource("monos")
    void assemblyHooksSeeEachAndItsRunStyleIsAsync(String step, BiFunction<Trale, Connection, Mono<?>> assemble) {
        Queue<Scannable> assembled = new ConcurrentLinkedQueue<>();
        Hooks.onEachOperator("seen", publisher -> {
            assembled.add(Scannable.from(publisher));
            return publisher;
        });
        try {
            assemble.apply(trale, connection);
        } finally {
            Hooks.resetOnEachOperator("seen");
        }
        assertThat(assembled).anySatisfy(scanned -> {
            assertThat(scanned.stepName()).isEqualTo(step);
            assertThat(scanned.scan(Attr.RUN_STYLE)).isEqualTo(Attr.RunStyle.ASYNC);
        });
    }

    /// Requests nothing by itself.
    private static final class IdleSubscriber extends BaseSubscriber<Object> {

        @Override
        protected void hookOnSubscribe(Subscription subscription) {}

        Scannable subscription() {
            return Scannable.from(upstream());
        }
    }

    @Test
    void aSendCanBeScanned() {
        Flux<ByteBuffer> source = Flux.never();
        Scannable send = Scannable.from(connection.send(source.hide()));
        assertThat(send.parents()).hasSize(2);
        IdleSubscriber waiting = new IdleSubscriber();
        connection.send(source.hide()).subscribe(waiting);
        Scannable sending = waiting.subscription();
        Support.asleep(trale);
        assertThat(sending.scanUnsafe(Attr.ACTUAL)).isSameAs(waiting);
        assertThat(sending.parents()).as("the subscription to the source").isNotEmpty();
        assertThat(sending.scan(Attr.RUN_STYLE)).isEqualTo(Attr.RunStyle.ASYNC);
        assertThat(sending.scan(Attr.CANCELLED)).isFalse();
        assertThat(sending.scan(Attr.TERMINATED)).isFalse();
        waiting.cancel();
        assertThat(sending.scan(Attr.CANCELLED)).isTrue();
        Support.until("the end", () -> sending.scan(Attr.TERMINATED));
    }

    @Test
    void aWriteCanBeScanned() {
        assertThat(Scannable.from(trale.write(Path.of("/dev/null"), Flux.<ByteBuffer>never().hide())).parents()).hasSize(2);
    }

    @Test
    void aSinkCanBeScanned() {
        Sink<ByteBuffer> sink = connection.sink();
        Scannable scanned = Scannable.from(sink);
        assertThat(scanned.isScanAvailable()).isTrue();
        assertThat(scanned.scan(Attr.RUN_STYLE)).isEqualTo(Attr.RunStyle.ASYNC);
        Subscription subscription = Operators.emptySubscription();
        sink.onSubscribe(subscription);
        Support.asleep(trale);
        assertThat(scanned.scanUnsafe(Attr.PARENT)).isSameAs(subscription);
        assertThat(scanned.scan(Attr.ACTUAL)).as("the send").isNotNull();
        assertThat(scanned.scan(Attr.TERMINATED)).isFalse();
        sink.onComplete();
        sink.onEnd().block();
        assertThat(scanned.scan(Attr.TERMINATED)).isTrue();
    }
}

package io.trale.examples;

import io.trale.reactive.Connection;
import io.trale.reactive.codec.Lines;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// A chat room: sends each line of a client to all clients.
///
/// A client that does not read delays no other client. If more than [#MAX_LINES_BEHIND] lines wait for it, the oldest are
/// dropped. When it reads again, it receives the number of dropped lines. So its memory is bounded.
final class ChatRoom {

    static final int MAX_LINE_LENGTH = 1000;
    static final int MAX_LINES_BEHIND = 256;

    private static final Lines LINES = Lines.of(StandardCharsets.UTF_8).maxLength(MAX_LINE_LENGTH);

    private final Sinks.Many<String> room = Sinks.many().multicast().directBestEffort();

    /// Serves one client: asks for its name, then relays lines until end of stream or until a line is too long.
    Mono<Void> enter(Connection client) {
        Flux<String> lines = client.receive().transform(LINES)
                .onErrorComplete(ProtocolException.class)
                .map(line -> line.replaceAll("\\p{Cc}", "").strip()) // no terminal control sequences
                .filter(line -> !line.isEmpty());
        return client.send(Mono.just(bytes("Who are you?")))
                .thenMany(lines.switchOnFirst(
                        (name, all) -> name.hasValue() ? talk(client, name.get(), all.skip(1)) : all.then()))
                .then();
    }

    private Mono<Void> talk(Connection client, String name, Flux<String> lines) {
        return Mono.firstWithSignal(
                client.send(hear()),
                lines.doOnNext(line -> say(name + ": " + line)).then())
                .doOnSubscribe(s -> say("* " + name + " is here"))
                .doFinally(end -> say("* " + name + " has left"));
    }

    private void say(String line) {
        room.tryEmitNext(line);
    }

    private Flux<ByteBuffer> hear() {
        return Flux.defer(() -> {
            AtomicInteger missed = new AtomicInteger();
            return room.asFlux()
                    .onBackpressureBuffer(MAX_LINES_BEHIND, line -> missed.incrementAndGet(), BufferOverflowStrategy.DROP_OLDEST)
                    .map(line -> {
                        int lost = missed.getAndSet(0);
                        return bytes(lost == 0 ? line : "* you missed " + lost + " lines\n" + line);
                    });
        });
    }

    private static ByteBuffer bytes(String line) {
        return ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    }
}

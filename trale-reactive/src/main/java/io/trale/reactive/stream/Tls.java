package io.trale.reactive.stream;

import io.trale.reactive.TlsOptions;
import io.trale.reactive.TlsSession;
import io.trale.reactive.scheduler.TraleScheduler;
import io.trale.reactive.tls.OpenedInput;
import io.trale.reactive.tls.RecordLayer;
import io.trale.reactive.tls.SealedOutput;
import io.trale.reactor.Deadlines;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Scheduler;

/// The TLS of a connection: its handshake, and the tasks of its engine.
///
/// During the handshake this is the subscriber of the receiver, so it demands what the engine needs, and the sender sends what the
/// engine makes, but no element. Afterwards the receiver opens records when its subscriber has demand, and the sender seals
/// what is accepted. Loop thread only, but for the tasks.
final class Tls {

    private static final ByteBuffer NO_PLAINTEXT = ByteBuffer.allocate(0);

    private final SocketConnection connection;
    private final TlsOptions options;
    private final RecordLayer records;
    private final SealedOutput output;
    private final Scheduler scheduler;
    private boolean done;
    private boolean tasksRun;

    Tls(SocketConnection connection, SSLEngine engine, TlsOptions options) throws SSLException {
        this.connection = connection;
        this.options = options;
        records = new RecordLayer(engine);
        output = new SealedOutput(records);
        scheduler = new TraleScheduler(connection.loop);
        connection.sender.seal(output);
    }

    /// True once the handshake has ended.
    boolean isDone() {
        return done;
    }

    TlsSession session() {
        return new TlsSession(records.session(), records.applicationProtocol());
    }

    // ---- the handshake

    /// Completes when the connection encrypts. A failure closes it, after the alert; if the time is over, it is aborted.
    Mono<Void> handshake() {
        Duration limit = Deadlines.bounded(options.handshakeTimeout());
        return Mono.defer(this::step).repeat().takeUntil(done -> done).then()
                .timeout(limit, Mono.defer(() -> {
                    connection.abort();
                    return Mono.error(new TimeoutException("the TLS handshake of " + connection + " took longer than " + limit));
                }), scheduler).doOnError(failure -> connection.abortUnlessClosing());
    }

    /// Emits true if the handshake is done.
    private Mono<Boolean> step() {
        try {
            RecordLayer.Progress progress = records.read(NO_PLAINTEXT);
            connection.sender.progress();
            return switch (progress) {
                case HANDSHAKE_DONE -> {
                    done = true;
                    output.open();
                    connection.receiver.open(new OpenedInput(records, options.isTruncationAllowed()));
                    connection.sender.progress();
                    yield Mono.just(true);
                }
                case NEEDS_INPUT -> receive();
                case NEEDS_OUTPUT -> connection.send(Mono.empty()).thenReturn(false); // which ends behind it
                case NEEDS_TASKS -> Mono.<Boolean>create(this::runTasks).publishOn(scheduler);
                case END, PLAINTEXT -> throw new SSLHandshakeException("the peer ended the TLS handshake of " + connection);
            };
        } catch (SSLException e) {
            connection.closing.begin(); // sends the alert
            return Mono.error(e);
        }
    }

    private Mono<Boolean> receive() {
        return connection.receiveWith(this::add).next().switchIfEmpty(Mono.error(() ->
                new SSLHandshakeException("the peer closed the connection in the TLS handshake of " + connection)));
    }

    private boolean add(MemorySegment received) {
        records.add(received, (int) received.byteSize());
        return false;
    }

    private void runTasks(MonoSink<Boolean> sink) {
        options.taskExecutor().execute(() -> {
            try {
                runAll();
                sink.success(false);
            } catch (Throwable t) {
                sink.error(t);
            }
        });
    }

    private void runAll() {
        for (Runnable task; (task = records.nextTask()) != null;) {
            task.run();
        }
    }

    // ---- afterwards

    /// Runs the tasks of the engine, and has both sides go on then.
    void runTasks() {
        if (tasksRun) {
            return;
        }
        tasksRun = true;
        Mono.<Boolean>create(this::runTasks).publishOn(scheduler).subscribe(done -> {
            tasksRun = false;
            connection.receiver.place.wake();
            connection.sender.progress();
        }, failure -> {
            connection.loop.uncaught(failure);
            connection.abort();
        });
    }
}

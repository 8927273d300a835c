package io.trale.reactive.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.ConnectOptions;
import io.trale.reactive.Connection;
import io.trale.reactive.Internals;
import io.trale.reactive.ServeOptions;
import io.trale.reactive.testing.SimSource;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.reactive.stream.ConnectionProbe;
import io.trale.reactive.testing.RandomDemandSubscriber;
import io.trale.reactive.TlsOptions;
import io.trale.reactive.Trale;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// TLS on the simulated kernel, both ends on one loop, under random schedules: no byte is lost, whatever the subscribers' whims,
/// and a peer that stalls is sent no more than without TLS.
@Timeout(300)
class TlsScheduleTest {

    private static final Faults HARMLESS = Faults.HARMLESS.with(Fault.EXHAUSTION, Fault.HICCUP);
    private static final int SOCKET_BYTES = 3000;
    private static final SSLContext CONTEXT = TestKeys.SERVER.context();

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-reactive", "TlsScheduleTest#" + name, 0.06, scenario);
    }

    /// With tasks that run at once, or in a later turn.
    private static TlsOptions tls(SimKernel kernel, Trale trale) {
        Executor tasks = kernel.random().nextBoolean() ? Runnable::run : trale.scheduler()::schedule;
        String protocol = kernel.random().nextInt(3) == 0 ? "TLSv1.2" : "TLSv1.3";
        return TlsOptions.of(CONTEXT).taskExecutor(tasks).parameters(all -> all.setProtocols(new String[] {protocol}));
    }

    private static void open(Trale trale, TlsOptions options, java.util.function.BiConsumer<Connection, Connection> use) {
        Connection[] ends = new Connection[2];
        ServeOptions serving = ServeOptions.defaults().tls(options).onConnectionError((c, failure) -> { });
        trale.serve(Support.loopback(0), c -> {
            ends[0] = c;
            if (ends[1] != null) {
                use.accept(ends[0], ends[1]);
            }
            return Mono.never();
        }, serving).subscribe(server -> trale.connect(server.localAddress(),
                ConnectOptions.defaults().tls(options.peerHost("localhost"))).subscribe(c -> {
            ends[1] = c;
            if (ends[0] != null) {
                use.accept(ends[0], ends[1]);
            }
        }));
    }

    /// Receives with whims, and is followed by another when it gives up.
    private static final class Taker extends RandomDemandSubscriber<ByteBuffer> {

        private final Connection connection;
        private final ByteArrayOutputStream received;
        private final Runnable whenOver;

        Taker(SimKernel kernel, Connection connection, ByteArrayOutputStream received, List<String> breaches, Runnable whenOver) {
            super(kernel, breaches);
            this.connection = connection;
            this.received = received;
            this.whenOver = whenOver;
        }

        @Override
        protected void take(ByteBuffer element) {
            received.writeBytes(Support.bytesOf(element));
        }

        @Override
        protected void cancelled() {
            ConnectionProbe.loop(connection).run(() -> connection.receive().subscribe(
                    new Taker(kernel, connection, received, breaches, whenOver)));
        }

        @Override
        protected void end(Throwable failure) {
            if (failure != null && !failure.getMessage().contains("Trale.close()")) { // when all has come
                breaches.add("receive: " + failure);
            }
            whenOver.run();
        }
    }

    private static byte[] bytes(SplittableRandom random, int max) {
        byte[] bytes = new byte[random.nextInt(max)];
        random.nextBytes(bytes);
        return bytes;
    }

    @Test
    void bytesArriveWhateverTheSubscribersWhims() {
        run("bytesArriveWhateverTheSubscribersWhims", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            List<String> breaches = new ArrayList<>();
            byte[][] sent = {bytes(kernel.random(), 3000), bytes(kernel.random(), 3000)};
            ByteArrayOutputStream[] received = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
            int[] over = new int[1];
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> open(trale, tls(kernel, trale), (server, client) -> {
                Runnable whenOver = () -> {
                    if (++over[0] == 4) {
                        done.set();
                    }
                };
                Connection[] ends = {server, client};
                for (int i = 0; i < 2; i++) {
                    Connection end = ends[i];
                    end.receive().subscribe(new Taker(kernel, end, received[i], breaches, whenOver));
                    // with TLS 1.2 the end of one side is that of both
                    Mono<Void> sending = end.send(new SimSource(kernel, sent[i], 0, breaches, kernel.random().nextBoolean()));
                    (end.tls().orElseThrow().session().getProtocol().equals("TLSv1.2") ? sending : sending.then(end.shutdownOutput()))
                            .subscribe(null, failure -> breaches.add("send: " + failure), whenOver);
                }
                if (client.tls().orElseThrow().session().getProtocol().equals("TLSv1.2")) {
                    over[0] = Integer.MIN_VALUE; // no end is waited for
                    untilAll(kernel, received, sent, () -> kernel.foreign(() -> Internals.loop(trale).execute(done::set)));
                }
            }));
            assertThat(breaches).isEmpty();
            assertThat(Arrays.mismatch(received[0].toByteArray(), sent[1])).as("at the server").isEqualTo(-1);
            assertThat(Arrays.mismatch(received[1].toByteArray(), sent[0])).as("at the client").isEqualTo(-1);
        });
    }

    @Test
    void aPeerThatStallsIsSentNoMoreThanTheWindow() {
        run("aPeerThatStallsIsSentNoMoreThanTheWindow", seed -> {
            SimKernel kernel = Seeds.kernel(seed, HARMLESS);
            kernel.socketBufferBytes(SOCKET_BYTES);
            int size = 1 + kernel.random().nextInt(20_000);
            long[] pulled = new long[1];
            SimTrale.run(kernel, Seeds.options(kernel), (trale, done) -> open(trale, tls(kernel, trale), (server, client) -> {
                client.send(Flux.generate(sink -> {
                    pulled[0] += size;
                    sink.next(ByteBuffer.allocate(size));
                })).subscribe(null, failure -> { });
                long[] before = {-1};
                untilQuiet(kernel, pulled, before, () -> kernel.foreign(() -> Internals.loop(trale).execute(done::set)));
            }));
            // the window and the element that exceeds it, one batch of records, and what the sockets hold
            assertThat(pulled[0]).isLessThanOrEqualTo((64 << 10) + size + Scratch.RECORDS_BYTES + 2 * SOCKET_BYTES);
        });
    }

    /// Runs `action` when nothing has been pulled for a while.
    private static void untilQuiet(SimKernel kernel, long[] pulled, long[] before, Runnable action) {
        kernel.after(50_000_000, () -> {
            if (pulled[0] == before[0]) {
                action.run();
            } else {
                before[0] = pulled[0];
                untilQuiet(kernel, pulled, before, action);
            }
        });
    }

    private static void untilAll(SimKernel kernel, ByteArrayOutputStream[] received, byte[][] sent, Runnable action) {
        kernel.after(1_000_000, () -> {
            if (received[0].size() == sent[1].length && received[1].size() == sent[0].length) {
                action.run();
            } else {
                untilAll(kernel, received, sent, action);
            }
        });
    }
}

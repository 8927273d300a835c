package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.testing.ReceiveKind;
import io.trale.reactive.testing.RuleCheckingSubscriber;
import io.trale.reactive.testing.SimSource;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.task.ExecutorOptions;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/// Repeats one deterministic run on the simulated kernel. In each run an event occurs one system call later than in the
/// previous run.
@Timeout(120)
class EveryStepTest {

    private static final int SEED = 7;
    private static final int CHUNK = 10;
    private static final int CHUNKS = 8;
    private static final byte[] SENT = Support.bytes(SEED, CHUNKS * CHUNK);

    enum Event { NOTHING, REQUEST, CANCEL, PEER_ENDS, PEER_RESETS, ABORT, CLOSE, CLOSE_THE_LOOP }

    private static ExecutorOptions options() {
        return ExecutorOptions.defaults().receiveBuffers(2, 7).leaseBuffers(4, 7);
    }

    /// Sends a chunk from time to time, then ends its side.
    private static final class SendingPeer {

        private final SimPeer peer;
        private boolean over;

        SendingPeer(SimKernel kernel, SimPeer peer) {
            this.peer = peer;
            for (int i = 0; i < CHUNKS; i++) {
                byte[] chunk = Arrays.copyOfRange(SENT, i * CHUNK, (i + 1) * CHUNK);
                kernel.after(i * 20_000L, () -> {
                    if (!over) {
                        peer.send(chunk);
                    }
                });
            }
            kernel.after(CHUNKS * 20_000L, this::end);
        }

        void end() {
            if (!over) {
                over = true;
                peer.finish();
            }
        }

        void reset() {
            over = true;
            peer.reset();
        }
    }

    // ---- receive

    /// Receives with all kinds in turn, beginning with that of its number, and requests one element at a time, on another
    /// thread.
    private static final class ReceiveSubscriber extends RuleCheckingSubscriber<byte[]> {

        private final SimKernel kernel;
        private final Connection connection;
        private final ByteArrayOutputStream received;
        private final int kind;
        boolean ended;
        Throwable failure;

        ReceiveSubscriber(SimKernel kernel, Connection connection, ByteArrayOutputStream received, List<String> breaches, int kind) {
            super(breaches);
            this.kernel = kernel;
            this.connection = connection;
            this.received = received;
            this.kind = kind;
        }

        ReceiveSubscriber subscribe() {
            ReceiveKind.values()[kind % ReceiveKind.values().length].receive(connection).subscribe(this);
            return this;
        }

        /// The subscriber that follows after a cancel. Loop thread.
        ReceiveSubscriber next() {
            return new ReceiveSubscriber(kernel, connection, received, breaches, kind + 1).subscribe();
        }

        @Override
        protected void start() {
            kernel.foreign(this::ask);
        }

        private void ask() {
            if (!isOver()) {
                request(1);
            }
        }

        @Override
        protected void element(byte[] element) {
            received.writeBytes(element);
            kernel.foreign(this::ask);
        }

        @Override
        protected void end(Throwable failure) {
            ended = true;
            this.failure = failure;
            connection.close().subscribe();
        }
    }

    private static Stream<Arguments> kindsAndEvents() {
        return Arrays.stream(ReceiveKind.values()).flatMap(kind -> Arrays.stream(Event.values())
                .filter(event -> event != Event.NOTHING).map(event -> Arguments.of(kind, event)));
    }

    @ParameterizedTest
    @MethodSource("kindsAndEvents")
    void anEventAtAnyStepOfAReceiveLosesNothingAndEndsOnce(ReceiveKind kind, Event event) throws Exception {
        long steps = receive(kind, Event.NOTHING, 1);
        assertThat(steps).isGreaterThan(20);
        for (long step = 1; step <= steps; step++) {
            receive(kind, event, step);
        }
    }

    /// Returns the number of system calls after the connect.
    private static long receive(ReceiveKind kind, Event event, long step) throws Exception {
        SimKernel kernel = new SimKernel(SEED).strict();
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        List<String> breaches = new ArrayList<>();
        ReceiveSubscriber[] listening = new ReceiveSubscriber[1];
        SendingPeer[] speaker = new SendingPeer[1];
        long[] before = new long[1];
        kernel.listenOn(7, peer -> speaker[0] = new SendingPeer(kernel, peer));
        SimTrale.run(kernel, options(), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(connection -> {
            before[0] = kernel.calls();
            connection.onClose().subscribe(null, null, done::set);
            listening[0] = new ReceiveSubscriber(kernel, connection, received, breaches, kind.ordinal()).subscribe();
            kernel.foreignInCall(step, () -> {
                switch (event) {
                    case NOTHING -> { }
                    case REQUEST -> listening[0].ask();
                    case CANCEL -> {
                        if (!listening[0].isOver()) {
                            listening[0].cancel();
                            trale.loop.execute(() -> listening[0] = listening[0].next());
                        }
                    }
                    case PEER_ENDS -> kernel.after(0, speaker[0]::end);
                    case PEER_RESETS -> kernel.after(0, speaker[0]::reset);
                    case ABORT -> connection.abort();
                    case CLOSE -> connection.close().subscribe();
                    case CLOSE_THE_LOOP -> trale.loop.execute(trale::close);
                }
            });
        }));
        String when = event + " at step " + step;
        assertThat(breaches).as(when).isEmpty();
        assertThat(listening[0].ended).as("%s: an end", when).isTrue();
        assertThat(received.toByteArray()).as(when).isEqualTo(Arrays.copyOf(SENT, received.size()));
        if (event == Event.NOTHING || event == Event.REQUEST || event == Event.CANCEL) {
            assertThat(listening[0].failure).as(when).isNull();
            assertThat(received.size()).as(when).isEqualTo(SENT.length);
        } else if (event == Event.PEER_ENDS) {
            assertThat(listening[0].failure).as(when).isNull();
        }
        return kernel.calls() - before[0];
    }

    // ---- send

    @ParameterizedTest
    @EnumSource(value = Event.class, names = {"CANCEL", "PEER_ENDS", "PEER_RESETS", "ABORT", "CLOSE", "CLOSE_THE_LOOP"})
    void anEventAtAnyStepOfARelayLeavesNoLeaseOpen(Event event) throws Exception {
        for (boolean atTheFarEnd : new boolean[] {false, true}) {
            long steps = relay(Event.NOTHING, atTheFarEnd, 1);
            assertThat(steps).isGreaterThan(20);
            for (long step = 1; step <= steps; step++) {
                relay(event, atTheFarEnd, step);
            }
        }
    }

    /// The far peer has small buffers and starts reading late. Checks through the kernel that every lease was returned.
    private static long relay(Event event, boolean atTheFarEnd, long step) throws Exception {
        SimKernel kernel = new SimKernel(SEED).strict().socketBufferBytes(16);
        SendingPeer[] speaker = new SendingPeer[1];
        SimPeer[] reader = new SimPeer[1];
        Throwable[] failure = new Throwable[1];
        boolean[] ended = new boolean[1];
        long[] before = new long[1];
        kernel.listenOn(7, peer -> speaker[0] = new SendingPeer(kernel, peer));
        kernel.listenOn(8, peer -> {
            reader[0] = peer.reading(false);
            kernel.after(100_000, () -> peer.reading(true));
        });
        SimTrale.run(kernel, options(), (trale, done) ->
                trale.connect(Support.loopback(7)).zipWith(trale.connect(Support.loopback(8))).subscribe(both -> {
                    Connection from = both.getT1();
                    Connection to = both.getT2();
                    before[0] = kernel.calls();
                    from.onClose().and(to.onClose()).subscribe(null, null, done::set);
                    Disposable relay = to.sendLeases(from.receiveLeases())
                            .doFinally(signal -> {
                                ended[0] = true;
                                from.abort();
                                to.close().subscribe();
                            })
                            .subscribe(null, e -> failure[0] = e);
                    Connection hit = atTheFarEnd ? to : from;
                    kernel.foreignInCall(step, () -> {
                        switch (event) {
                            case NOTHING, REQUEST -> { }
                            case CANCEL -> relay.dispose();
                            case PEER_ENDS -> kernel.after(0, atTheFarEnd ? reader[0]::finish : speaker[0]::end);
                            case PEER_RESETS -> kernel.after(0, atTheFarEnd ? reader[0]::reset : speaker[0]::reset);
                            case ABORT -> hit.abort();
                            case CLOSE -> hit.close().subscribe();
                            case CLOSE_THE_LOOP -> trale.loop.execute(trale::close);
                        }
                    });
                }));
        kernel.elapse(1_000_000);
        String when = event + " at step " + step;
        byte[] received = reader[0].received();
        assertThat(ended[0]).as("%s: an end", when).isTrue();
        assertThat(received).as(when).isEqualTo(Arrays.copyOf(SENT, received.length));
        if (event == Event.NOTHING || event == Event.PEER_ENDS && atTheFarEnd) {
            assertThat(failure[0]).as(when).isNull();
            assertThat(received).as(when).isEqualTo(SENT);
        }
        return kernel.calls() - before[0];
    }

    // ---- close

    @Test
    void aCloseAtAnyStepFlushesEveryEmittedElement() throws Exception {
        long steps = close(Long.MAX_VALUE / 2);
        assertThat(steps).isGreaterThan(20);
        for (long step = 1; step <= steps; step++) {
            close(step);
        }
    }

    /// The peer sends all the time and starts reading late, so a reset would destroy data at any step. Returns the number of
    /// system calls after the connect.
    private static long close(long step) throws Exception {
        SimKernel kernel = new SimKernel(SEED).strict().socketBufferBytes(16);
        List<String> breaches = new ArrayList<>();
        SimPeer[] peer = new SimPeer[1];
        int[] emitted = new int[1];
        int[] emittedBefore = {CHUNKS};
        long[] before = new long[1];
        kernel.listenOn(7, accepted -> {
            new SendingPeer(kernel, accepted);
            peer[0] = accepted.reading(false);
            kernel.after(100_000, () -> accepted.reading(true));
        });
        SimTrale.run(kernel, options(), (trale, done) -> trale.connect(Support.loopback(7)).subscribe(connection -> {
            before[0] = kernel.calls();
            connection.onClose().subscribe(null, null, done::set);
            connection.handle(c -> c.send(Flux.from(new SimSource(kernel, SENT, CHUNK, breaches, true))
                    .doOnNext(element -> emitted[0]++))).subscribe(null, failure -> { });
            kernel.foreignInCall(step, () -> {
                emittedBefore[0] = emitted[0];
                connection.close().subscribe();
            });
        }));
        long calls = kernel.calls() - before[0];
        kernel.elapse(1_000_000);
        String when = "close at step " + step;
        byte[] received = peer[0].received();
        assertThat(breaches).as(when).isEmpty();
        assertThat(received).as(when).isEqualTo(Arrays.copyOf(SENT, received.length));
        assertThat(received.length).as(when).isBetween(emittedBefore[0] * CHUNK, emitted[0] * CHUNK);
        assertThat(received.length % CHUNK).as(when).isZero();
        assertThat(peer[0].errno()).as(when).isZero();
        assertThat(peer[0].sawEnd()).as(when).isTrue();
        return calls;
    }
}

package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.reactive.testing.EndListener;
import io.trale.reactive.testing.SimSource;
import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.sim.SimUdpPeer;
import io.trale.task.ExecutorOptions;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// As [EveryStepTest], with every method that takes elements, called with a publisher or as a sink: repeats one run, and in
/// each run an event occurs one system call later than in the previous run.
@Timeout(120)
class EveryStepOfSinksTest {

    private static final int SEED = 7;
    private static final int TOTAL = 8;
    private static final int CHUNK = 10;
    private static final byte[] SENT = Support.bytes(SEED, TOTAL * CHUNK);
    private static final Faults FAULTS =
            Faults.NONE.with(Fault.LOST_CANCEL, 1).with(Fault.LATE, 0.5).with(Fault.SHORT_TRANSFER, 0.5);
    private static final IllegalStateException BROKEN = new IllegalStateException("on purpose");

    enum Event { NOTHING, CANCEL, SOURCE_ENDS, SOURCE_FAILS, PEER_ENDS, FAIL, CLOSE, DISPOSE, CLOSE_THE_LOOP }

    /// With these events, bytes that the kernel has taken may be lost as well.
    private static final Set<Event> TEARING = Set.of(Event.FAIL, Event.DISPOSE, Event.CLOSE_THE_LOOP);

    /// Something that takes elements.
    private abstract static class Target {

        /// Starts taking the elements of `source`, as a sink or with the publisher.
        abstract Mono<Void> send(Flux<ByteBuffer> source, boolean asSink);

        static <T> Mono<Void> through(Sink<T> sink, Flux<T> source) {
            return Mono.defer(() -> {
                source.subscribe(sink);
                return sink.onEnd().doFinally(signal -> sink.dispose()); // has an effect after a cancel only
            });
        }

        /// The elements that have arrived at the end.
        abstract byte[] received();

        // Events, on any thread.

        void endPeer() {}

        void fail() {}

        void close() {}

        void dispose() {}
    }

    private static final class SendTarget extends Target {

        private final Connection connection;
        private final SimKernel kernel;
        private final SimPeer peer;

        SendTarget(SimKernel kernel, Connection connection, SimPeer peer) {
            this.connection = connection;
            this.kernel = kernel;
            this.peer = peer;
        }

        /// The peer has small buffers and starts reading late.
        static Mono<Target> open(SimKernel kernel, Trale trale) {
            SimPeer[] peer = new SimPeer[1];
            kernel.socketBufferBytes(16).listenOn(7, accepted -> {
                peer[0] = accepted.reading(false);
                kernel.after(100_000, () -> accepted.reading(true));
            });
            return trale.connect(Support.loopback(7)).map(connection -> new SendTarget(kernel, connection, peer[0]));
        }

        @Override
        Mono<Void> send(Flux<ByteBuffer> source, boolean asSink) {
            return asSink ? through(connection.sink(), source) : connection.send(source);
        }

        @Override
        byte[] received() {
            return peer.received();
        }

        @Override
        void endPeer() {
            kernel.after(0, peer::finish);
        }

        @Override
        void fail() {
            kernel.after(0, peer::reset);
        }

        @Override
        void close() {
            connection.close().subscribe();
        }

        @Override
        void dispose() {
            connection.abort();
        }
    }

    private static final class DatagramTarget extends Target {

        private final SimKernel kernel;
        private final UdpEndpoint endpoint;
        private final SimUdpPeer peer;

        DatagramTarget(SimKernel kernel, UdpEndpoint endpoint) {
            this.kernel = kernel;
            this.endpoint = endpoint;
            peer = new SimUdpPeer(kernel);
        }

        @Override
        Mono<Void> send(Flux<ByteBuffer> source, boolean asSink) {
            Flux<Datagram> datagrams = source.map(data -> Datagram.to(peer.address(), data));
            return asSink ? through(endpoint.sink(), datagrams) : endpoint.send(datagrams);
        }

        @Override
        byte[] received() {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            peer.received().forEach(all::writeBytes);
            return all.toByteArray();
        }

        @Override
        void fail() {
            kernel.faults(FAULTS.with(Fault.BREAKAGE, 1));
        }

        @Override
        void close() {
            endpoint.close().subscribe();
        }

        @Override
        void dispose() {
            endpoint.dispose();
        }
    }

    private static final class FileTarget extends Target {

        private static final Path PATH = Path.of("/file");

        private final SimKernel kernel;
        private final Trale trale;

        FileTarget(SimKernel kernel, Trale trale) {
            this.kernel = kernel;
            this.trale = trale;
            kernel.write(PATH.toString(), new byte[0]); // the write may be cancelled before it creates the file
        }

        @Override
        Mono<Void> send(Flux<ByteBuffer> source, boolean asSink) {
            return asSink ? through(trale.sink(PATH), source) : trale.write(PATH, source);
        }

        @Override
        byte[] received() {
            return kernel.bytes(PATH.toString());
        }

        @Override
        void fail() {
            kernel.faults(FAULTS.with(Fault.DISK_FAILURE, 1));
        }
    }

    private static final class EventTarget extends Target {

        private final io.trale.reactive.Event event;
        private int count;

        EventTarget(io.trale.reactive.Event event) {
            this.event = event;
            event.signals().subscribe(signals -> count += signals.intValue());
        }

        @Override
        Mono<Void> send(Flux<ByteBuffer> source, boolean asSink) {
            Flux<Long> counts = source.map(element -> 1L);
            return asSink ? through(event.sink(), counts) : event.signal(counts);
        }

        @Override
        byte[] received() {
            return Arrays.copyOf(SENT, count * CHUNK);
        }

        @Override
        void dispose() {
            event.dispose();
        }
    }

    enum Kind {
        CONNECTION(SendTarget::open, Event.PEER_ENDS, Event.FAIL, Event.CLOSE, Event.DISPOSE),
        DATAGRAMS((kernel, trale) -> trale.udp(Support.loopback(0)).map(e -> new DatagramTarget(kernel, e)),
                Event.FAIL, Event.CLOSE, Event.DISPOSE),
        FILE((kernel, trale) -> Mono.just(new FileTarget(kernel, trale)), Event.FAIL),
        EVENT((kernel, trale) -> trale.event().map(EventTarget::new), Event.DISPOSE);

        private final BiFunction<SimKernel, Trale, Mono<? extends Target>> open;
        private final Event[] events;

        /// With the events that apply only to some of them.
        Kind(BiFunction<SimKernel, Trale, Mono<? extends Target>> open, Event... events) {
            this.open = open;
            this.events = events;
        }

        Stream<Arguments> arguments() {
            return Stream.concat(Stream.of(Event.CANCEL, Event.SOURCE_ENDS, Event.SOURCE_FAILS, Event.CLOSE_THE_LOOP),
                    Stream.of(events)).map(event -> Arguments.of(this, event));
        }
    }

    private static Stream<Arguments> kindsAndEvents() {
        return Stream.of(Kind.values()).flatMap(Kind::arguments);
    }

    @ParameterizedTest
    @MethodSource("kindsAndEvents")
    void anEventAtAnyStepLosesNoTakenElementAndEndsOnce(Kind kind, Event event) throws Exception {
        for (boolean asSink : new boolean[] {false, true}) {
            long steps = run(kind, Event.NOTHING, asSink, 1);
            assertThat(steps).isGreaterThan(3);
            for (long step = 1; step <= steps; step++) {
                run(kind, event, asSink, step);
            }
        }
    }

    /// Returns the number of system calls until the end was signalled.
    private static long run(Kind kind, Event event, boolean asSink, long step) throws Exception {
        SimKernel kernel = new SimKernel(SEED).strict().faults(FAULTS);
        List<String> breaches = new ArrayList<>();
        Target[] target = new Target[1];
        List<Throwable> ends = new ArrayList<>();
        int[] emitted = new int[1];
        long[] calls = new long[1];
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> kind.open.apply(kernel, trale).subscribe(opened -> {
            target[0] = opened;
            long before = kernel.calls();
            Sinks.Empty<ByteBuffer> end = Sinks.empty();
            Flux<ByteBuffer> source = Flux.from(new SimSource(kernel, SENT, CHUNK, breaches, true))
                    .takeUntilOther(end.asMono()).doOnNext(element -> emitted[0]++);
            EndListener outcome = new EndListener(breaches, failure -> {
                ends.add(failure);
                calls[0] = kernel.calls() - before;
                opened.close();
                kernel.foreignAfter(5_000_000, () -> trale.loop.execute(done::set)); // the taken elements have arrived by then
            }) {
                @Override
                protected boolean signalsComeAnywhere() {
                    return kind == Kind.EVENT;
                }
            };
            opened.send(source, asSink).subscribe(outcome);
            kernel.foreignInCall(step, () -> {
                switch (event) {
                    case NOTHING -> { }
                    case CANCEL -> outcome.cancelEarly();
                    case SOURCE_ENDS -> end.tryEmitEmpty();
                    case SOURCE_FAILS -> end.tryEmitError(BROKEN);
                    case PEER_ENDS -> opened.endPeer();
                    case FAIL -> opened.fail();
                    case CLOSE -> opened.close();
                    case DISPOSE -> opened.dispose();
                    case CLOSE_THE_LOOP -> trale.loop.execute(trale::close);
                }
            });
        }));
        kernel.elapse(1_000_000);
        String when = event + " at step " + step + (asSink ? " as a sink: " : ": ") + ends;
        byte[] received = target[0].received();
        assertThat(breaches).as(when).isEmpty();
        assertThat(ends).as(when).hasSize(1);
        assertThat(received).as(when).isEqualTo(Arrays.copyOf(SENT, received.length));
        assertThat(received.length).as(when).isLessThanOrEqualTo(emitted[0] * CHUNK);
        Throwable failure = ends.getFirst();
        boolean torn = kind == Kind.CONNECTION && TEARING.contains(event);
        if ((failure == null || failure == BROKEN) && !torn) {
            assertThat(received.length).as(when).isEqualTo(emitted[0] * CHUNK);
        } else if (event == Event.CANCEL) {
            assertThat(received.length % CHUNK).as(when).isZero();
        }
        assertThat(failure == null || isOf(event, failure)).as(when).isTrue();
        assertThat(emitted[0] == TOTAL || failure != null || event == Event.SOURCE_ENDS).as(when).isTrue();
        return calls[0];
    }

    private static boolean isOf(Event event, Throwable failure) {
        return switch (event) {
            case NOTHING, SOURCE_ENDS, PEER_ENDS -> false;
            case CANCEL -> failure instanceof CancellationException;
            case SOURCE_FAILS -> failure == BROKEN;
            case FAIL -> failure instanceof ErrnoException;
            case CLOSE, DISPOSE, CLOSE_THE_LOOP -> failure instanceof ClosedChannelException
                    || failure instanceof IllegalStateException && failure.getMessage().equals("the event is closed");
        };
    }
}

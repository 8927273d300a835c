package io.trale.reactive;

import io.trale.reactive.testing.Support;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPipe;
import io.trale.sim.SimUdpPeer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Every source but connections, on a simulated kernel, with its outside.
final class SimSources {

    static final int TOTAL = 8;

    private static final int CHUNK = 10;
    private static final int PACE_NANOS = 20_000;
    private static final byte[] BYTES = Support.bytes(1, TOTAL * CHUNK);

    private SimSources() {}

    enum Event { NOTHING, REQUEST, CANCEL, END, FAIL, CLOSE, CLOSE_THE_LOOP }

    /// A source whose elements add up to [#TOTAL].
    abstract static class TestedSource {

        final SimKernel kernel;
        final List<String> breaches = new ArrayList<>();
        int count;

        TestedSource(SimKernel kernel) {
            this.kernel = kernel;
        }

        /// Repeats `action` of the outside.
        final void paced(IntConsumer action) {
            for (int i = 0; i < TOTAL; i++) {
                int number = i;
                kernel.after(i * PACE_NANOS, () -> action.accept(number));
            }
        }

        final void expect(Object expected, Object actual) {
            if (!expected.equals(actual)) {
                breaches.add(actual + " instead of " + expected);
            }
        }

        abstract Flux<?> source();

        /// True if it completes when all elements are emitted.
        boolean ends() {
            return false;
        }

        /// The amount that `element` counts for; records a violation if it is not the expected element.
        abstract int count(Object element);

        /// A subscriber has cancelled. Returns true if the next one must get the rest; or everything, if each subscription
        /// starts anew.
        boolean resumesAfterCancel() {
            return true;
        }

        // Events, on any thread.

        void end() {}

        void fail() {}

        void close() {}
    }

    private static byte[] chunk(int number) {
        return Arrays.copyOfRange(BYTES, number * CHUNK, (number + 1) * CHUNK);
    }

    private static final class AcceptSource extends TestedSource {

        private final Listener listener;

        AcceptSource(SimKernel kernel, Listener listener) {
            super(kernel);
            this.listener = listener;
            paced(i -> kernel.connectTo(Support.loopback(listener.port())));
        }

        @Override
        Flux<?> source() {
            return listener.accept();
        }

        @Override
        int count(Object element) {
            ((Connection) element).abort();
            return 1;
        }

        /// No descriptor is left for a while; accepting continues afterwards.
        @Override
        void fail() {
            kernel.maxDescriptors(kernel.openDescriptors());
            kernel.after(1_000_000, () -> kernel.maxDescriptors(1000));
        }

        @Override
        void close() {
            listener.dispose();
        }
    }

    private static final class DatagramSource extends TestedSource {

        private final UdpEndpoint endpoint;
        private final SimUdpPeer peer;

        DatagramSource(SimKernel kernel, UdpEndpoint endpoint) {
            super(kernel);
            this.endpoint = endpoint;
            peer = new SimUdpPeer(kernel);
            paced(i -> peer.send(chunk(i), endpoint.localAddress()));
        }

        @Override
        Flux<?> source() {
            return endpoint.receive().retry(1);
        }

        @Override
        int count(Object element) {
            expect(new Datagram(ByteBuffer.wrap(chunk(count)), peer.address(), false, 0), element);
            return 1;
        }

        /// An error that is signalled once.
        @Override
        void fail() {
            kernel.after(0, () -> peer.refuse(endpoint.localAddress()));
        }

        @Override
        void close() {
            endpoint.dispose();
        }
    }

    private static final class TickSource extends TestedSource {

        private final Trale trale;

        TickSource(SimKernel kernel, Trale trale) {
            super(kernel);
            this.trale = trale;
        }

        @Override
        Flux<?> source() {
            return trale.ticks(Duration.ofNanos(PACE_NANOS));
        }

        @Override
        int count(Object element) {
            Tick tick = (Tick) element;
            expect(count + tick.missed(), tick.sequence());
            return Math.min(TOTAL - count, (int) tick.missed() + 1);
        }

        @Override
        boolean resumesAfterCancel() {
            count = 0;
            return true;
        }
    }

    private static final class EventSource extends TestedSource {

        private final io.trale.reactive.Event event;

        EventSource(SimKernel kernel, io.trale.reactive.Event event) {
            super(kernel);
            this.event = event;
            paced(i -> kernel.foreign(() -> {
                if (!event.isDisposed()) {
                    event.signal();
                }
            }));
        }

        @Override
        Flux<?> source() {
            return event.signals();
        }

        @Override
        int count(Object element) {
            return ((Long) element).intValue();
        }

        @Override
        void close() {
            event.dispose();
        }
    }

    private abstract static class ReadSource extends TestedSource {

        private final Flux<ByteBuffer> read;

        ReadSource(SimKernel kernel, Trale trale, String path) {
            super(kernel);
            read = trale.read(Path.of(path), ReadOptions.defaults().chunk(CHUNK).depth(2));
        }

        @Override
        final Flux<?> source() {
            return read;
        }

        @Override
        final boolean ends() {
            return true;
        }

        @Override
        final int count(Object element) {
            expect(ByteBuffer.wrap(chunk(count)), element);
            return 1;
        }

        @Override
        final void fail() {
            kernel.faults(Faults.NONE.with(Fault.DISK_FAILURE, 1));
        }
    }

    private static final class FileSource extends ReadSource {

        FileSource(SimKernel kernel, Trale trale) {
            super(kernel, trale, "/file");
            kernel.write("/file", BYTES);
        }

        @Override
        boolean resumesAfterCancel() {
            count = 0;
            return true;
        }

        /// Truncates the file.
        @Override
        void end() {
            kernel.write("/file", chunk(0));
        }
    }

    private static final class PipeSource extends ReadSource {

        private final SimPipe pipe;

        PipeSource(SimKernel kernel, Trale trale) {
            super(kernel, trale, "/pipe");
            pipe = kernel.pipe("/pipe");
            paced(i -> pipe.write(chunk(i)));
            kernel.after(TOTAL * PACE_NANOS, pipe::finish);
        }

        @Override
        boolean resumesAfterCancel() {
            return false; // data of a cancelled read is dropped
        }

        @Override
        void end() {
            kernel.after(0, pipe::finish);
        }
    }

    enum Kind {
        ACCEPT((kernel, trale) -> trale.bind(Support.loopback(0)).map(l -> new AcceptSource(kernel, l)), Event.FAIL, Event.CLOSE),
        DATAGRAMS((kernel, trale) -> trale.udp(Support.loopback(0)).map(e -> new DatagramSource(kernel, e)),
                Event.FAIL, Event.CLOSE),
        TICKS((kernel, trale) -> Mono.just(new TickSource(kernel, trale))),
        SIGNALS((kernel, trale) -> trale.event().map(event -> new EventSource(kernel, event)), Event.CLOSE),
        FILE((kernel, trale) -> Mono.just(new FileSource(kernel, trale)), Event.END, Event.FAIL),
        PIPE((kernel, trale) -> Mono.just(new PipeSource(kernel, trale)), Event.END, Event.FAIL);

        private final BiFunction<SimKernel, Trale, Mono<? extends TestedSource>> open;
        private final Event[] events;

        /// With the events that apply only to some of them.
        Kind(BiFunction<SimKernel, Trale, Mono<? extends TestedSource>> open, Event... events) {
            this.open = open;
            this.events = events;
        }

        /// Opens a source and starts its outside. Loop thread.
        Mono<? extends TestedSource> open(SimKernel kernel, Trale trale) {
            return open.apply(kernel, trale);
        }

        /// The events that apply to it.
        Stream<Event> events() {
            return Stream.concat(Stream.of(Event.REQUEST, Event.CANCEL, Event.CLOSE_THE_LOOP), Stream.of(events));
        }
    }
}

package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.testing.SimTrale;
import io.trale.reactive.testing.Support;
import io.trale.sim.SimKernel;
import io.trale.sim.SimPeer;
import io.trale.task.ExecutorOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A subscriber that resubscribes at each end, as `retry` and `repeat` do, to a source that has ended: the loop continues
/// meanwhile, and closes.
@Timeout(60)
class ResubscriptionTest {

    private static final int ENOUGH = 1000;

    /// A source that has ended, and whether its end is a failure.
    enum Ended {
        RECEIVE_AFTER_THE_PEERS_END(false, (kernel, trale) -> connection(kernel, trale, SimPeer::finish, Connection::receive)),
        RECEIVE_ONE_AFTER_THE_PEERS_END(false, (kernel, trale) -> connection(kernel, trale, peer -> peer.send(new byte[1])
                .finish(), c -> c.receive().take(1))),
        RECEIVE_AFTER_A_RESET(true, (kernel, trale) -> connection(kernel, trale, SimPeer::reset, Connection::receive)),
        RECEIVE_AFTER_AN_ABORT(true, (kernel, trale) -> connection(kernel, trale, peer -> { }, c -> {
            c.abort();
            return c.receive();
        })),
        RECEIVE_WITH_A_SUBSCRIBER(true, (kernel, trale) -> connection(kernel, trale, peer -> { }, c -> {
            c.receive().subscribe(bytes -> { }, failure -> { });
            return c.receive();
        })),
        SEND_AFTER_A_RESET(true, (kernel, trale) -> connection(kernel, trale, SimPeer::reset,
                c -> c.send(Mono.just(ByteBuffer.allocate(1))))),
        SEND_AFTER_AN_ABORT(true, (kernel, trale) -> connection(kernel, trale, peer -> { }, c -> {
            c.abort();
            return c.send(Flux.never());
        })),
        SHUTDOWN_AFTER_AN_ABORT(true, (kernel, trale) -> connection(kernel, trale, peer -> { }, c -> {
            c.abort();
            return c.shutdownOutput();
        })),
        CONNECT_TO_NOBODY(true, (kernel, trale) -> Mono.just(trale.connect(Support.loopback(9)))),
        READ_OF_NO_FILE(true, (kernel, trale) -> Mono.just(trale.read(Path.of("/none")))),
        WRITE_TO_NO_DIRECTORY(true, (kernel, trale) -> Mono.just(trale.write(Path.of("/none/file"), Mono.empty()))),
        DATAGRAMS_AFTER_DISPOSE(false, (kernel, trale) -> trale.udp(Support.loopback(0)).map(udp -> {
            udp.dispose();
            return udp.receive();
        })),
        ACCEPT_AFTER_DISPOSE(false, (kernel, trale) -> trale.bind(Support.loopback(0)).map(listener -> {
            listener.dispose();
            return listener.accept();
        })),
        ACCEPT_ONE_AFTER_DISPOSE(false, (kernel, trale) -> trale.bind(Support.loopback(0)).map(listener -> {
            listener.dispose();
            return listener.accept().next();
        })),
        ACCEPT_WITH_A_SUBSCRIBER(true, (kernel, trale) -> trale.bind(Support.loopback(0)).map(listener -> {
            listener.accept().subscribe();
            return listener.accept();
        })),
        SIGNALS_AFTER_DISPOSE(false, (kernel, trale) -> trale.event().map(event -> {
            event.dispose();
            return event.signals();
        }));

        private final boolean failing;
        private final BiFunction<SimKernel, Trale, Mono<? extends Publisher<?>>> open;

        Ended(boolean failing, BiFunction<SimKernel, Trale, Mono<? extends Publisher<?>>> open) {
            this.failing = failing;
            this.open = open;
        }
    }

    /// A source that ends with the loop, and whether that is a failure: it is if the source has an end of its own.
    enum Open {
        RECEIVE(true, (kernel, trale) -> connection(kernel, trale, peer -> { }, Connection::receive)),
        SEND(true, (kernel, trale) -> connection(kernel, trale, peer -> { }, c -> c.send(Flux.never()))),
        CONNECT(true, (kernel, trale) -> {
            kernel.listenOn(7, peer -> { });
            return Mono.just(trale.connect(Support.loopback(7)).flatMap(c -> c.receive().then()));
        }),
        READ(true, (kernel, trale) -> {
            kernel.pipe("/pipe");
            return Mono.just(trale.read(Path.of("/pipe")));
        }),
        DATAGRAMS(false, (kernel, trale) -> trale.udp(Support.loopback(0)).map(UdpEndpoint::receive)),
        ACCEPT(false, (kernel, trale) -> trale.bind(Support.loopback(0)).map(Listener::accept)),
        SIGNALS(false, (kernel, trale) -> trale.event().map(Event::signals)),
        TICKS(false, (kernel, trale) -> Mono.just(trale.ticks(Duration.ofDays(1))));

        private final boolean failing;
        private final BiFunction<SimKernel, Trale, Mono<? extends Publisher<?>>> open;

        Open(boolean failing, BiFunction<SimKernel, Trale, Mono<? extends Publisher<?>>> open) {
            this.failing = failing;
            this.open = open;
        }
    }

    private static Mono<Publisher<?>> connection(SimKernel kernel, Trale trale, java.util.function.Consumer<SimPeer> peer,
            Function<Connection, Publisher<?>> source) {
        kernel.listenOn(7, accepted -> kernel.after(0, () -> peer.accept(accepted)));
        return trale.connect(Support.loopback(7)).map(source);
    }

    /// Resubscribes at each end until the loop has ended.
    private static final class Resubscriber implements CoreSubscriber<Object> {

        private final Trale trale;
        private final Publisher<?> source;
        private final List<String> breaches = new ArrayList<>();
        private final Runnable enough;
        private boolean subscribing;
        private Boolean failing;
        private int ends;

        Resubscriber(Trale trale, Publisher<?> source, Runnable enough) {
            this.trale = trale;
            this.source = source;
            this.enough = enough;
        }

        void subscribe() {
            subscribing = true;
            source.subscribe(this);
            subscribing = false;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Object element) {}

        @Override
        public void onError(Throwable failure) {
            end(true);
        }

        @Override
        public void onComplete() {
            end(false);
        }

        private void end(boolean failing) {
            if (trale.loop.isClosed()) {
                return;
            }
            if (subscribing) {
                breaches.add("an end inside subscribe");
                return;
            }
            this.failing = failing;
            if (++ends == ENOUGH) {
                enough.run();
            }
            subscribe();
        }
    }

    private static final class Run {
        private Resubscriber again;
        private int endsBefore;
    }

    private static Run run(BiFunction<SimKernel, Trale, Mono<? extends Publisher<?>>> open, boolean closeAtOnce)
            throws Exception {
        SimKernel kernel = new SimKernel(7).strict();
        Run run = new Run();
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> open.apply(kernel, trale).subscribe(source -> {
            Runnable close = () -> trale.loop.execute(() -> {
                run.endsBefore = run.again.ends;
                trale.close();
            });
            run.again = new Resubscriber(trale, source, close);
            kernel.foreignAfter(1_000_000, () -> trale.loop.execute(run.again::subscribe)); // the peer has done its part by then
            if (closeAtOnce) {
                kernel.foreignAfter(2_000_000, close);
            }
        }));
        assertThat(run.again.breaches).isEmpty();
        return run;
    }

    @ParameterizedTest
    @EnumSource
    void resubscribingToAnEndedSourceDoesNotBlockTheLoop(Ended ended) throws Exception {
        Run run = run(ended.open, false);
        assertThat(run.again.ends).isGreaterThanOrEqualTo(ENOUGH);
        assertThat(run.again.ends - run.endsBefore).as("ends while the loop closes").isLessThan(1000);
    }

    @ParameterizedTest
    @EnumSource
    void closingTheLoopEndsEachSourceByItsRuleAndStopsRetries(Open open) throws Exception {
        Run run = run(open.open, true);
        assertThat(run.again.ends).as("ends while the loop closes").isBetween(1, 10);
        assertThat(run.again.failing).isEqualTo(open.failing);
    }

    @ParameterizedTest
    @EnumSource
    void anEndedSourceCompletesOrFailsByItsKind(Ended ended) throws Exception {
        SimKernel kernel = new SimKernel(7).strict();
        Boolean[] failed = new Boolean[1];
        SimTrale.run(kernel, ExecutorOptions.defaults(), (trale, done) -> ended.open.apply(kernel, trale).subscribe(source ->
                kernel.foreignAfter(1_000_000, () -> trale.loop.execute(() -> Flux.from(source)
                        .doFinally(signal -> done.set())
                        .subscribe(element -> { }, failure -> failed[0] = true, () -> failed[0] = false)))));
        assertThat(failed[0]).isEqualTo(ended.failing);
    }

    /// On other threads, and with pauses.
    @Test
    void subscriptionsAfterTheEndOfTheLoopFollowTheSameRule() {
        Trale trale = Trale.start();
        UdpEndpoint udp = trale.udp(Support.loopback(0)).block();
        Listener listener = trale.bind(Support.loopback(0)).block();
        Event event = trale.event().block();
        Support.Pair pair = Support.Pair.of(trale);
        trale.close();
        for (Flux<?> source : List.of(udp.receive(), listener.accept(), event.signals(), trale.ticks(Duration.ofDays(1)))) {
            assertThat(source.collectList().block()).isEmpty();
        }
        for (Publisher<?> source : List.of(pair.connection().receive(), pair.connection().send(Flux.never()),
                trale.read(Path.of("/dev/zero")), trale.connect(Support.loopback(7)), trale.bind(0))) {
            Throwable failure = Flux.from(source).cast(Throwable.class).onErrorResume(Mono::just).blockLast();
            assertThat(failure).isInstanceOf(ClosedChannelException.class);
        }
        pair.close();
    }
}

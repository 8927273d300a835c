package io.trale.reactive.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.Internals;
import io.trale.reactive.Lease;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.ReceiveKind;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import java.lang.reflect.Proxy;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;

/// Leases that are not closed: the discard hook closes those that operators drop; those that become garbage are reported and
/// recovered if tracking is on.
class LostLeasesTest extends ConnectionTestBase {

    private static final int BUFFERS = 16;
    private static final int BUFFER_BYTES = 100;

    LostLeasesTest() {
        super(ExecutorOptions.defaults().leaseBuffers(BUFFERS, BUFFER_BYTES));
    }

    @AfterEach
    void untilAllAreBack() {
        Support.until("every lease is back", () -> {
            System.gc(); // collects tracked leases
            return Support.onLoop(trale, () -> Internals.loop(trale).reactor.pools().leaseGroup().free()) == BUFFERS;
        });
    }

    // ---- operators

    private static Flux<Lease> through(String operator, Flux<Lease> leases) {
        return switch (operator) {
            case "publishOn" -> leases.publishOn(Schedulers.parallel(), 4).take(3);
            case "flatMap" -> leases.flatMap(Mono::just).take(3);
            case "take" -> leases.take(3);
            case "filter" -> leases.filter(lease -> lease.read(segment -> segment.get(JAVA_BYTE, 0)) == 0);
            case "buffer" -> leases.buffer(2).take(1).flatMapIterable(Function.identity());
            default -> leases.concatMap(lease -> Mono.just(lease).publishOn(Schedulers.parallel())).take(3);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"publishOn", "flatMap", "take", "filter", "buffer", "concatMap"})
    void operatorsCloseLeasesThatTheyDrop(String operator) {
        Support.write(peer, Support.bytes(2, 20 * BUFFER_BYTES));
        Support.shutdownOutput(peer);
        through(operator, connection.receiveLeases())
                .doOnDiscard(Lease.class, Lease::close)
                .doOnNext(Lease::close)
                .blockLast(LIMIT);
    }

    // ---- tracking

    private record Report(String message, Throwable place) {}

    /// The reports while `action` runs with tracking.
    private static Queue<Report> reportsOf(Runnable action) {
        Queue<Report> reports = new ConcurrentLinkedQueue<>();
        Loggers.useCustomLoggers(name -> (Logger) Proxy.newProxyInstance(Logger.class.getClassLoader(),
                new Class<?>[] {Logger.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("warn")) {
                        reports.add(new Report((String) arguments[0], (Throwable) arguments[1]));
                    }
                    return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
                }));
        System.setProperty("trale.leases.track", "true");
        try {
            action.run();
        } finally {
            System.clearProperty("trale.leases.track");
            Loggers.resetLoggerFactory();
        }
        return reports;
    }

    private void receiveAndLoseOne() {
        Support.write(peer, new byte[BUFFER_BYTES]);
        assertThat(connection.receiveLeases().map(Lease::size).blockFirst(LIMIT)).isEqualTo(BUFFER_BYTES);
    }

    @Test
    void aLostLeaseIsRecoveredAndReportedWithItsOrigin() {
        Queue<Report> reports = reportsOf(() -> {
            receiveAndLoseOne();
            untilAllAreBack();
        });
        assertThat(reports).singleElement().satisfies(report -> {
            assertThat(report.message).contains("without close()");
            assertThat(report.place.getStackTrace())
                    .anySatisfy(frame -> assertThat(frame.getClassName()).endsWith(".LeaseMode"));
        });
    }

    @Test
    void aLeaseThatIsClosedIsNotReported() {
        Queue<Report> reports = reportsOf(() -> {
            Support.write(peer, new byte[BUFFER_BYTES]);
            ReceiveKind.LEASES.receive(connection).blockFirst(LIMIT);
            receiveAndLoseOne(); // later: if this one was reported, the other would have been
            untilAllAreBack();
        });
        assertThat(reports).hasSize(1);
    }
}

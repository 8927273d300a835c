package io.trale.examples;

import io.trale.reactive.Connection;
import io.trale.reactive.Trale;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.reactivestreams.Subscription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.publisher.BaseSubscriber;

/// Shows the effect of demand on the kernel's queues and on the peer. The peer writes as fast as it can. The subscriber
/// requests nothing, then a little, then all, then nothing again.
@Command(name = "backpressure",
        description = "Shows live how request(n) stops and resumes a peer that writes as fast as it can.")
final class Backpressure implements Callable<Integer> {

    private static final Duration STEP = Duration.ofMillis(100);
    private static final int BAR_CELLS = 12;
    private static final String ERASE_LINE = "\r\033[K";

    /// The phases of the demonstration, of equal length.
    private enum Phase {
        NOTHING("request nothing"), LITTLE("request(1) every 200 ms"), ALL("request(1) in onNext"),
        NOTHING_AGAIN("request nothing again");

        private final String text;

        Phase(String text) {
            this.text = text;
        }

        boolean isSilent() {
            return this == NOTHING || this == NOTHING_AGAIN;
        }
    }

    /// The totals at one time.
    private record Sums(long requested, long elements, long bytes, long written) {}

    /// A bar for the length of a queue, relative to its greatest length so far.
    private static final class Bar {
        long longestBytes = 1;

        String of(long bytes) {
            longestBytes = Math.max(longestBytes, bytes);
            int filled = (int) (bytes * BAR_CELLS / longestBytes);
            return "[" + "#".repeat(filled) + ".".repeat(BAR_CELLS - filled) + "] " + amount(bytes);
        }
    }

    @Spec
    private CommandSpec spec;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "12",
            description = "Duration in seconds (default: ${DEFAULT-VALUE}).")
    private int seconds;

    private final AtomicLong requested = new AtomicLong();
    private final AtomicLong elements = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    /// If true, the subscriber requests another element in `onNext`.
    private volatile boolean greedy;
    private final Bar unread = new Bar();
    private final Bar unsent = new Bar();

    private final BaseSubscriber<ByteBuffer> subscriber = new BaseSubscriber<>() {
        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // no demand yet
        }

        @Override
        protected void hookOnNext(ByteBuffer element) {
            elements.incrementAndGet();
            bytes.addAndGet(element.remaining());
            if (greedy) {
                ask();
            }
        }
    };

    private void ask() {
        requested.incrementAndGet();
        subscriber.request(1);
    }

    @Override
    public Integer call() throws Exception {
        Numbers.checked(spec, "--seconds", seconds, 1, 3600);
        spec.commandLine().getOut().println("""
                A peer writes without a pause. Here: bytes in our receive queue, not yet requested. There: bytes in the
                peer's send queue. In flight: operations in the ring.""");
        try (Flooder peer = new Flooder(); Trale trale = Trale.start()) {
            Connection connection = trale.connect(peer.address()).block();
            connection.receive().subscribe(subscriber);
            Sums sums = new Sums(0, 0, 0, 0);
            for (Phase next : Phase.values()) {
                sums = run(next, sums, connection, peer, trale);
            }
            subscriber.cancel();
        }
        return elements.get() <= requested.get() ? 0 : 1;
    }

    /// Runs one phase for its time. A phase without demand also waits until the peer has stopped. Returns the totals at its
    /// end.
    private Sums run(Phase now, Sums before, Connection connection, Flooder peer, Trale trale)
            throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        boolean live = System.console() != null && System.console().isTerminal();
        greedy = now == Phase.ALL;
        if (greedy) {
            ask();
        }
        TcpTable.Socket there = TcpTable.socket(connection.remoteAddress(), connection.localAddress());
        long steps = Duration.ofSeconds(seconds).dividedBy(STEP) / Phase.values().length;
        for (int step = 0; step < steps || now.isSilent() && !there.isStopped(); step++) {
            if (now == Phase.LITTLE && step % 2 == 0) {
                ask();
            }
            Thread.sleep(STEP);
            TcpTable.Socket here = TcpTable.socket(connection.localAddress(), connection.remoteAddress());
            there = TcpTable.socket(connection.remoteAddress(), connection.localAddress());
            if (live || step % 10 == 0) {
                out.print((live ? ERASE_LINE : "") + line(here, there, trale) + (live ? "" : "\n"));
                out.flush();
            }
        }
        greedy = false;
        Sums after = new Sums(requested.get(), elements.get(), bytes.get(), peer.written());
        out.printf(Locale.ROOT, "%s%-24s requested %,d, received %,d, %s; the peer wrote %s and is %s%n",
                live ? ERASE_LINE : "", now.text, after.requested - before.requested, after.elements - before.elements,
                amount(after.bytes - before.bytes), amount(after.written - before.written), state(there));
        return after;
    }

    private String line(TcpTable.Socket here, TcpTable.Socket there, Trale trale) {
        long received = elements.get(); // read before `requested`, so the difference is not negative
        return String.format(Locale.ROOT, "  demand %d, in flight %d, here %s, there %s, the peer is %s",
                requested.get() - received, trale.stats().inFlight(), unread.of(here.receiveQueueBytes()),
                unsent.of(there.sendQueueBytes()), state(there));
    }

    private static String state(TcpTable.Socket there) {
        return there.isStopped() ? "stopped" : "writing";
    }

    private static String amount(long bytes) {
        return bytes < 10L << 20 ? String.format(Locale.ROOT, "%,d KiB", bytes >> 10)
                : String.format(Locale.ROOT, "%,d MiB", bytes >> 20);
    }
}

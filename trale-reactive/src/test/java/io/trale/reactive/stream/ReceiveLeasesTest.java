package io.trale.reactive.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Connection;
import io.trale.reactive.Internals;
import io.trale.reactive.Lease;
import io.trale.reactive.Trale;
import io.trale.reactive.testing.ConnectionTestBase;
import io.trale.reactive.testing.MappedKernel;
import io.trale.reactive.testing.ReceiveKind;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.Support.Pair;
import io.trale.task.ExecutorOptions;
import io.trale.uring.Abi;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.test.StepVerifier;

/// Buffers on lease: their number, which receives wait if none is left, and their return, also after the end of the loop.
class ReceiveLeasesTest extends ConnectionTestBase {

    private static final int BUFFERS = 16;
    private static final int SHARE = BUFFERS / 8;
    private static final int BUFFER_BYTES = 100;

    private final List<Pair> pairs = new ArrayList<>();
    private final MappedKernel kernel;

    ReceiveLeasesTest() {
        MappedKernel kernel = new MappedKernel();
        super(start(kernel));
        this.kernel = kernel;
    }

    private static Trale start(MappedKernel kernel) {
        return Internals.start(kernel.kernel(), ExecutorOptions.defaults().receiveBuffers(4, BUFFER_BYTES)
                .leaseBuffers(BUFFERS, BUFFER_BYTES));
    }

    private Pair pair() {
        Pair pair = Pair.of(trale);
        pairs.add(pair);
        return pair;
    }

    @Override
    @AfterEach
    protected void stop() {
        pair.close();
        pairs.forEach(Pair::close);
        if (!trale.onClose().toFuture().isDone()) {
            Support.until("every lease is back", () -> free() == BUFFERS);
        }
        super.stop();
        assertThat(kernel.mappedBytes()).isZero();
    }

    private int free() {
        return Support.onLoop(trale, () -> Internals.loop(trale).reactor.pools().leaseGroup().free());
    }

    /// Keeps its leases.
    private static final class Keeper extends BaseSubscriber<Lease> {

        final BlockingQueue<Lease> leases = new LinkedBlockingQueue<>();

        static Keeper of(Connection connection, long demand) {
            Keeper keeper = new Keeper();
            connection.receiveLeases().subscribe(keeper);
            if (demand > 0) {
                keeper.request(demand);
            }
            return keeper;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {}

        @Override
        protected void hookOnNext(Lease lease) {
            leases.add(lease);
        }

        @Override
        protected void hookOnError(Throwable failure) {}

        Lease next() throws InterruptedException {
            Lease next = leases.poll(Support.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(next).as("a lease").isNotNull();
            return next;
        }

        void closeAll() {
            leases.forEach(Lease::close);
        }
    }

    // ---- demand, and the share of a connection

    @Test
    void withoutDemandNothingIsInFlight() {
        Keeper keeper = Keeper.of(connection, 0);
        long enters = Support.asleep(trale);
        Support.write(peer, new byte[10 * BUFFER_BYTES]);
        assertThat(trale.stats().enters()).isEqualTo(enters);
        assertThat(trale.stats().inFlight()).isZero();
        assertThat(keeper.leases).isEmpty();
    }

    @Test
    void aConnectionWithItsShareOfLeasesStopsReceiving() throws Exception {
        byte[] sent = Support.bytes(1, 5 * BUFFER_BYTES);
        Support.write(peer, sent);
        Keeper keeper = Keeper.of(connection, 10);
        for (int i = 0; i < 4; i++) {
            Support.until("its share", () -> keeper.leases.size() == SHARE);
            Support.asleep(trale);
            assertThat(keeper.leases).hasSize(SHARE);
            assertThat(trale.stats().inFlight()).as("while it waits for a lease").isZero();
            assertThat(free()).isEqualTo(BUFFERS - SHARE);
            try (Lease first = keeper.next()) {
                assertThat(first.toArray())
                        .isEqualTo(Arrays.copyOfRange(sent, i * BUFFER_BYTES, (i + 1) * BUFFER_BYTES));
            }
        }
        Support.until("it receives again", () -> trale.stats().inFlight() == 1);
        keeper.cancel();
        keeper.closeAll();
    }

    @Test
    void aConnectionWithManyLeasesDoesNotStarveOthers() throws Exception {
        List<Keeper> keepers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Pair each = pair();
            Support.write(each.peer(), new byte[10 * BUFFER_BYTES]);
            keepers.add(Keeper.of(each.connection(), Long.MAX_VALUE));
        }
        for (Keeper keeper : keepers) {
            Support.until("its share", () -> keeper.leases.size() == SHARE);
        }
        assertThat(free()).isZero();
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isZero();

        Keeper ninth = Keeper.of(connection, 1);
        Support.write(peer, "ninth".getBytes());
        long enters = Support.asleep(trale);
        Support.write(peer, " in line".getBytes());
        assertThat(trale.stats().enters()).isEqualTo(enters);
        assertThat(ninth.leases).isEmpty();

        Pair other = pair(); // it receives copies, and is not affected
        Support.write(other.peer(), "hello".getBytes());
        assertThat(other.connection().receive().map(Support::bytesOf).blockFirst(LIMIT)).isEqualTo("hello".getBytes());

        keepers.forEach(BaseSubscriber::cancel);
        keepers.getFirst().next().close();
        try (Lease lease = ninth.next()) {
            assertThat(lease.toArray()).isEqualTo("ninth in line".getBytes());
        }
        keepers.forEach(Keeper::closeAll);
    }

    /// A receive is queued for a lease buffer. If its subscriber cancels, the next one must not inherit that wait, even if it
    /// subscribes before the loop has seen the cancel.
    @Test
    void aSubscriberOfCopiesDoesNotWaitForALease() throws Exception {
        List<Keeper> keepers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Pair each = pair();
            Support.write(each.peer(), new byte[SHARE * BUFFER_BYTES]);
            keepers.add(Keeper.of(each.connection(), SHARE));
        }
        for (Keeper keeper : keepers) {
            Support.until("its share", () -> keeper.leases.size() == SHARE);
        }
        Keeper starved = Keeper.of(connection, 1);
        Support.asleep(trale);
        assertThat(trale.stats().inFlight()).isEqualTo(1);
        BlockingQueue<byte[]> copies = new LinkedBlockingQueue<>();
        Support.onLoop(trale, () -> {
            Thread elsewhere = Thread.ofPlatform().start(starved::cancel);
            elsewhere.join();
            return connection.receive().map(Support::bytesOf).subscribe(copies::add);
        });
        Support.write(peer, "hello".getBytes());
        assertThat(copies.poll(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("hello".getBytes());
        keepers.forEach(Keeper::closeAll);
    }

    @Test
    void aSubscriberThatWaitsForALeaseMayCancel() throws Exception {
        Support.write(peer, "x".repeat(3 * BUFFER_BYTES).getBytes());
        Keeper keeper = Keeper.of(connection, 10);
        Support.until("its share", () -> keeper.leases.size() == SHARE);
        keeper.cancel();
        keeper.closeAll();
        Support.until("back", () -> free() == BUFFERS);
        assertThat(keeper.leases).hasSize(SHARE);
        assertThat(ReceiveKind.COPIES.receive(connection).blockFirst(LIMIT)).hasSize(BUFFER_BYTES);
    }

    // ---- the end

    @Test
    void aLeaseOutlivesItsConnectionAndTheLoop() throws Exception {
        Support.write(peer, "precious".getBytes());
        Keeper keeper = Keeper.of(connection, 1);
        Lease first = keeper.next();
        Support.write(peer, "second".getBytes());
        keeper.request(1);
        Lease second = keeper.next();
        connection.abort();
        connection.onClose().block(LIMIT);
        assertThat(first.toArray()).isEqualTo("precious".getBytes());
        trale.close();
        trale.onClose().block(LIMIT); // the loop thread signals this after the close
        assertThat(first.toArray()).isEqualTo("precious".getBytes());
        assertThat(kernel.mappedBytes()).as("the lease buffers and nothing else")
                .isBetween(1L, 2L * BUFFERS * BUFFER_BYTES + 4096);
        first.close();
        first.close();
        assertThat(second.toArray()).isEqualTo("second".getBytes());
        assertThat(kernel.mappedBytes()).isPositive();
        second.close();
        assertThat(kernel.mappedBytes()).isZero();
        assertThatThrownBy(second::toArray).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void leasesMayBeClosedByAnyThreadWhileTheLoopEnds() throws Exception {
        for (int i = 0; i < 50; i++) {
            MappedKernel kernel = new MappedKernel();
            Trale trale = start(kernel);
            List<Keeper> keepers = new ArrayList<>();
            List<Pair> pairs = new ArrayList<>();
            for (int k = 0; k < 4; k++) {
                Pair pair = Pair.of(trale);
                pairs.add(pair);
                Support.write(pair.peer(), new byte[10 * BUFFER_BYTES]);
                keepers.add(Keeper.of(pair.connection(), Long.MAX_VALUE));
            }
            for (Keeper keeper : keepers) {
                Support.until("its share", () -> keeper.leases.size() == SHARE);
            }
            CountDownLatch go = new CountDownLatch(1);
            List<Thread> closers = new ArrayList<>();
            for (Keeper keeper : keepers) {
                closers.add(Thread.ofPlatform().start(() -> {
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    keeper.closeAll();
                }));
            }
            go.countDown();
            trale.close();
            for (Thread closer : closers) {
                closer.join();
            }
            keepers.forEach(Keeper::closeAll); // leases received because others were closed
            assertThat(kernel.mappedBytes()).isZero();
            pairs.forEach(Pair::close);
        }
    }

    @Test
    void failedLeaseBuffersFailTheReceiveAndLeakNothing() {
        long before = kernel.mappedBytes();
        kernel.failRegister(Abi.IORING_REGISTER_PBUF_RING);
        for (int i = 0; i < 3; i++) {
            StepVerifier.create(connection.receiveLeases())
                    .expectErrorSatisfies(e -> assertThat(e).hasMessageContaining("ENOMEM")).verify(LIMIT);
        }
        assertThat(kernel.mappedBytes()).isEqualTo(before);
        kernel.failRegister(-1);
    }
}

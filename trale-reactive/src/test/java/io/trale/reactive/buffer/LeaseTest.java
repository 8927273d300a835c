package io.trale.reactive.buffer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactive.Lease;
import io.trale.reactive.testing.Support;
import io.trale.reactive.testing.TestLease;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A lease: its memory is returned once, when it is closed and not in use, and is inaccessible afterwards. The memory of this
/// test is really freed then, so that a late access would fail.
@Timeout(60)
class LeaseTest {

    private final TestLease lent = new TestLease("hello".getBytes());
    private final Lease lease = lent.lease();

    @Test
    void isReadInPlaceRepeatedly() {
        assertThat(lease.size()).isEqualTo(5);
        lease.read(segment -> {
            assertThat(segment.byteSize()).isEqualTo(5);
            assertThat(segment.isNative()).isTrue();
            segment.set(JAVA_BYTE, 0, (byte) 'J');
            return null;
        });
        assertThat(new String(lease.toArray())).isEqualTo("Jello");
        assertThat(lease).hasToString("Lease(5 bytes)");
        assertThat(lent.returns()).isZero();
        lease.close();
        assertThat(lent.returns()).isEqualTo(1);
    }

    @Test
    void cannotBeUsedAfterClose() {
        lease.close();
        assertThatThrownBy(() -> lease.read(segment -> segment)).isInstanceOf(IllegalStateException.class)
                .hasMessage("the lease is closed");
        assertThatThrownBy(lease::toArray).isInstanceOf(IllegalStateException.class);
        assertThat(lease.size()).isEqualTo(5);
        assertThat(lease).hasToString("Lease(5 bytes, closed)");
    }

    @Test
    void aSegmentThatEscapesThrowsOnAccess() {
        MemorySegment escaped = lease.read(segment -> segment);
        ByteBuffer buffer = lease.read(MemorySegment::asByteBuffer);
        assertThatThrownBy(() -> escaped.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> buffer.get(0)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        lease.close();
    }

    @Test
    void theSegmentBelongsToTheThreadThatReads() {
        Throwable failure = lease.read(segment -> {
            CompletableFuture<Throwable> elsewhere = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> {
                try {
                    segment.get(JAVA_BYTE, 0);
                    elsewhere.complete(null);
                } catch (RuntimeException e) {
                    elsewhere.complete(e);
                }
            });
            return Support.get(elsewhere);
        });
        assertThat(failure).isInstanceOf(WrongThreadException.class);
        lease.close();
    }

    @Test
    void aSecondCloseHasNoEffect() {
        lease.close();
        lease.close();
        assertThat(lent.returns()).isEqualTo(1);
    }

    @Test
    void aReaderThatThrowsLeavesTheLeaseOpen() {
        assertThatThrownBy(() -> lease.read(segment -> {
            throw new IllegalArgumentException("no header");
        })).hasMessage("no header");
        assertThat(new String(lease.toArray())).isEqualTo("hello");
        lease.close();
        assertThat(lent.returns()).isEqualTo(1);
    }

    @Test
    void aCloseInsideAReadReturnsTheBufferAfterIt() {
        String read = lease.read(segment -> {
            lease.close();
            assertThat(lent.returns()).isZero();
            assertThatThrownBy(lease::toArray).isInstanceOf(IllegalStateException.class);
            return new String(segment.toArray(JAVA_BYTE));
        });
        assertThat(read).isEqualTo("hello");
        assertThat(lent.returns()).isEqualTo(1);
    }

    @Test
    void aCloseDuringAReadOfAnotherThreadReturnsTheBufferAfterIt() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        CompletableFuture<String> read = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> read.complete(lease.read(segment -> {
            reading.countDown();
            try {
                assertThat(closed.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return new String(segment.toArray(JAVA_BYTE));
        })));
        assertThat(reading.await(Support.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        lease.close();
        assertThat(lent.returns()).isZero();
        assertThatThrownBy(lease::toArray).isInstanceOf(IllegalStateException.class);
        closed.countDown();
        assertThat(Support.get(read)).isEqualTo("hello");
        Support.until("given back", () -> lent.returns() == 1);
    }

    /// Concurrent closes and reads: a read sees the bytes or throws, and one thread returns the memory.
    @Test
    void theLastOfManyThreadsReturnsTheBufferOnce() throws Exception {
        int threads = 4;
        int rounds = Support.TORTURE ? 100_000 : 2_000;
        TestLease[] all = new TestLease[rounds];
        for (int i = 0; i < rounds; i++) {
            all[i] = new TestLease(new byte[] {(byte) i});
        }
        AtomicInteger wrong = new AtomicInteger();
        CyclicBarrier together = new CyclicBarrier(threads);
        Thread[] running = new Thread[threads];
        for (int t = 0; t < threads; t++) {
            boolean reads = t % 2 == 0;
            running[t] = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < rounds; i++) {
                        if (i % 100 == 0) {
                            together.await();
                        }
                        if (reads && !sees(all[i].lease(), (byte) i)) {
                            wrong.incrementAndGet();
                        }
                        all[i].lease().close();
                    }
                } catch (Exception e) {
                    wrong.incrementAndGet();
                }
            });
        }
        for (Thread thread : running) {
            thread.join();
        }
        assertThat(wrong).hasValue(0);
        assertThat(all).allSatisfy(each -> assertThat(each.returns()).isEqualTo(1));
    }

    private static boolean sees(Lease lease, byte expected) {
        try {
            return lease.read(segment -> segment.get(JAVA_BYTE, 0)) == expected;
        } catch (IllegalStateException closed) {
            return true;
        }
    }
}

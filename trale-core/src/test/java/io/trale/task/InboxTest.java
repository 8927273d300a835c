package io.trale.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.task.Inbox.Offer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The protocol step by step, then under stress with a semaphore in the place of the eventfd: a job or a ring that is
/// lost leaves the consumer asleep for ever.
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class InboxTest {

    private static final class Numbered extends Job {
        final int producer;
        final int number;

        Numbered(int producer, int number) {
            this.producer = producer;
            this.number = number;
        }

        @Override
        void run() {
            throw new AssertionError("not run by these tests");
        }
    }

    private final Inbox inbox = new Inbox();
    private final RunQueue queue = new RunQueue();

    private static Job job() {
        return new Numbered(0, 0);
    }

    private List<Job> drained() {
        inbox.drainTo(queue);
        return polled();
    }

    private List<Job> polled() {
        List<Job> jobs = new ArrayList<>();
        for (Job job = queue.poll(); job != null; job = queue.poll()) {
            assertThat(job.next).as("a job leaves the queue without its link").isNull();
            jobs.add(job);
        }
        return jobs;
    }

    @Test
    void jobsComeOutInTheOrderTheyWentIn() {
        Job first = job();
        Job second = job();
        Job third = job();
        assertThat(inbox.offer(first)).isEqualTo(Offer.ACCEPTED);
        assertThat(inbox.offer(second)).isEqualTo(Offer.ACCEPTED);
        inbox.drainTo(queue);
        assertThat(inbox.offer(third)).isEqualTo(Offer.ACCEPTED);
        assertThat(drained()).containsExactly(first, second, third);
        assertThat(drained()).isEmpty();
    }

    @Test
    void jobMayBeOfferedAgainOnceItCameOut() {
        Job job = job();
        for (int i = 0; i < 3; i++) {
            inbox.offer(job);
            assertThat(drained()).containsExactly(job);
        }
    }

    @Test
    void firstOfferToASleeperRingsAndNoOther() {
        assertThat(inbox.sleep()).isTrue();
        assertThat(inbox.offer(job())).isEqualTo(Offer.WAKE);
        assertThat(inbox.offer(job())).isEqualTo(Offer.ACCEPTED);
        assertThat(inbox.awake()).as("somebody was told to ring").isTrue();
        assertThat(drained()).hasSize(2);
    }

    @Test
    void sleepIsRefusedWhileThereAreJobs() {
        inbox.offer(job());
        assertThat(inbox.sleep()).isFalse();
        assertThat(inbox.offer(job())).as("nobody sleeps").isEqualTo(Offer.ACCEPTED);
        assertThat(drained()).hasSize(2);
        assertThat(inbox.sleep()).isTrue();
    }

    @Test
    void wakingUpByItselfTakesTheAnnouncementBack() {
        assertThat(inbox.sleep()).isTrue();
        assertThat(inbox.awake()).as("nobody was told to ring").isFalse();
        assertThat(inbox.offer(job())).isEqualTo(Offer.ACCEPTED);
    }

    @Test
    void closedInboxHandsOverWhatWasThereAndAcceptsNothing() {
        Job job = job();
        inbox.offer(job);
        inbox.close(queue);
        assertThat(polled()).containsExactly(job);
        assertThat(inbox.offer(job())).isEqualTo(Offer.CLOSED);
        assertThat(inbox.sleep()).isFalse();
        inbox.close(queue);
        assertThat(polled()).isEmpty();
    }

    @Test
    void inboxClosesWhileAsleep() {
        inbox.sleep();
        inbox.close(queue);
        assertThat(polled()).isEmpty();
        assertThat(inbox.offer(job())).isEqualTo(Offer.CLOSED);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void nothingIsLostAndEachProducersOrderKept(int producers) throws Exception {
        int each = 400_000 / producers;
        Semaphore bell = new Semaphore(0);
        AtomicInteger toldToRing = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int p = 0; p < producers; p++) {
            int producer = p;
            threads.add(Thread.ofPlatform().start(() -> {
                awaitUninterruptibly(start);
                for (int i = 0; i < each; i++) {
                    switch (inbox.offer(new Numbered(producer, i))) {
                        case ACCEPTED -> { }
                        case WAKE -> {
                            toldToRing.incrementAndGet();
                            bell.release();
                        }
                        case CLOSED -> throw new AssertionError("closed");
                    }
                }
            }));
        }
        int[] next = new int[producers];
        int sleeps = 0;
        int rung = 0;
        start.countDown();
        for (int left = producers * each; left > 0;) {
            inbox.drainTo(queue);
            for (Job job = queue.poll(); job != null; job = queue.poll()) {
                Numbered numbered = (Numbered) job;
                assertThat(numbered.number).isEqualTo(next[numbered.producer]++);
                left--;
            }
            if (left > 0 && inbox.sleep()) {
                if ((++sleeps & 1) == 0) {
                    bell.acquire(); // would wait for ever for a ring that nobody was told to give
                    rung++;
                    assertThat(inbox.awake()).isTrue();
                } else if (inbox.awake()) { // as if something else had ended the sleep
                    bell.acquire();
                    rung++;
                }
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(next).containsOnly(each);
        assertThat(toldToRing.get()).as("exactly one ring for each sleep that was ended by an offer").isEqualTo(rung);
        assertThat(bell.availablePermits()).isZero();
        assertThat(drained()).isEmpty();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}

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

/// The protocol step by step, and then under stress with a semaphore in place of the eventfd. If a job or a wake-up is lost, the
/// consumer does not wake up.
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
    void jobsAreTakenInOrder() {
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
    void jobMayBeOfferedAgainOnceTaken() {
        Job job = job();
        for (int i = 0; i < 3; i++) {
            inbox.offer(job);
            assertThat(drained()).containsExactly(job);
        }
    }

    @Test
    void onlyTheFirstOfferWakesASleepingLoop() {
        assertThat(inbox.sleep()).isTrue();
        assertThat(inbox.offer(job())).isEqualTo(Offer.WAKE);
        assertThat(inbox.offer(job())).isEqualTo(Offer.ACCEPTED);
        assertThat(inbox.awake()).as("a producer must wake the loop").isTrue();
        assertThat(drained()).hasSize(2);
    }

    @Test
    void sleepIsRefusedWhileThereAreJobs() {
        inbox.offer(job());
        assertThat(inbox.sleep()).isFalse();
        assertThat(inbox.offer(job())).as("the loop is awake").isEqualTo(Offer.ACCEPTED);
        assertThat(drained()).hasSize(2);
        assertThat(inbox.sleep()).isTrue();
    }

    @Test
    void awakeningWithoutAnOfferResetsTheSleep() {
        assertThat(inbox.sleep()).isTrue();
        assertThat(inbox.awake()).as("no producer must wake the loop").isFalse();
        assertThat(inbox.offer(job())).isEqualTo(Offer.ACCEPTED);
    }

    @Test
    void closedInboxHandsOverItsJobsAndAcceptsNone() {
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
    void noJobIsLostAndEachProducersOrderIsKept(int producers) throws Exception {
        int each = 400_000 / producers;
        Semaphore wakeUps = new Semaphore(0);
        AtomicInteger wakesRequested = new AtomicInteger();
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
                            wakesRequested.incrementAndGet();
                            wakeUps.release();
                        }
                        case CLOSED -> throw new AssertionError("closed");
                    }
                }
            }));
        }
        int[] next = new int[producers];
        int sleeps = 0;
        int woken = 0;
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
                    wakeUps.acquire(); // does not return if a wake-up is lost
                    woken++;
                    assertThat(inbox.awake()).isTrue();
                } else if (inbox.awake()) { // as if another event had ended the sleep
                    wakeUps.acquire();
                    woken++;
                }
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(next).containsOnly(each);
        assertThat(wakesRequested.get()).as("exactly one wake-up for each sleep that an offer has ended").isEqualTo(woken);
        assertThat(wakeUps.availablePermits()).isZero();
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

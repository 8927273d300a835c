package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.Net;
import io.trale.reactor.Counters.Count;
import io.trale.reactor.Limits.Pool;
import io.trale.testing.InterceptedKernel;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Staging, submission, cancellation and the close of descriptors, on the real kernel, with an `enter` that fails or submits
/// less than requested. Every operation must end exactly once.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class ReactorTest {

    private static final long FOREVER = Long.MAX_VALUE;

    private static final Limits SMALL = small(8);

    private static Limits small(int completionsPerTurn) {
        return new Limits(4, 16, completionsPerTurn, new Pool(4, 64), new Pool(1, 64), new Pool(2, 64), new Pool(1, 64));
    }

    private interface Body {
        void run(Reactor reactor) throws Exception;
    }

    /// Runs `body` with an open reactor, and checks for leaks at the end.
    private static void withReactor(Kernel kernel, Limits limits, Body body) throws Exception {
        Reactor reactor = new Reactor(kernel, limits);
        List<Throwable> faults = new ArrayList<>();
        reactor.setOwner(body, faults::add);
        reactor.open();
        body.run(reactor);
        end(reactor, 0);
        assertThat(faults).isEmpty();
    }

    private static void end(Reactor reactor, int wakes) {
        reactor.cancelAll();
        while (reactor.busy()) {
            reactor.turn(FOREVER);
        }
        assertThat(reactor.close(wakes)).isTrue();
        assertThat(count(reactor, Count.UNKNOWN)).isZero();
        assertThat(count(reactor, Count.IN_FLIGHT)).isZero();
    }

    private static long count(Reactor reactor, Count count) {
        return reactor.counters().get(count);
    }

    private static List<TestOperation> nops(Reactor reactor, int count) {
        return IntStream.range(0, count).mapToObj(i -> TestOperation.nop(reactor)).toList();
    }

    private static Descriptor eventfd(Reactor reactor) {
        return new Descriptor(reactor, reactor.kernel().eventfd(0, Net.EFD_CLOEXEC | Net.EFD_NONBLOCK));
    }

    /// Completes after a write to `eventfd`.
    private static TestOperation poll(Descriptor eventfd) {
        return new TestOperation(eventfd, sqe -> sqe.prepPoll(eventfd.fd(), Net.POLLIN));
    }

    private static void pollUntilIdle(Reactor reactor) {
        while (reactor.busy()) {
            reactor.turn(FOREVER);
        }
    }

    /// A kernel whose enter fails on request.
    private static class FailingEnterKernel extends InterceptedKernel {
        int errno;
        int failures;
        int enters;
        final List<Integer> closed = new ArrayList<>();

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            enters++;
            if (failures > 0) {
                failures--;
                return -errno;
            }
            return super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
        }

        @Override
        public int close(int fd) {
            closed.add(fd);
            return super.close(fd);
        }
    }

    // ---- submission

    @ParameterizedTest
    @ValueSource(ints = {Errno.EINTR, Errno.EAGAIN, Errno.EBUSY, Errno.ENOMEM, Errno.ETIME})
    void temporaryFailureOfEnterLosesNothing(int errno) throws Exception {
        FailingEnterKernel kernel = new FailingEnterKernel();
        withReactor(kernel, SMALL, reactor -> {
            kernel.errno = errno;
            for (int round = 0; round < 20; round++) {
                List<TestOperation> nops = nops(reactor, 1 + round);
                nops.forEach(reactor::stage);
                kernel.failures = round % 5;
                pollUntilIdle(reactor);
                assertThat(nops).allSatisfy(nop -> {
                    assertThat(nop.results).containsExactly(0);
                    assertThat(nop.fills).isEqualTo(1);
                });
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EINTR, Errno.EAGAIN, Errno.EBUSY})
    void interruptedSleepReturnsWithNothingAndCanBeRepeated(int errno) throws Exception {
        FailingEnterKernel kernel = new FailingEnterKernel();
        withReactor(kernel, SMALL, reactor -> {
            Descriptor eventfd = eventfd(reactor);
            TestOperation poll = poll(eventfd);
            reactor.stage(poll);
            reactor.turn(0);
            kernel.errno = errno;
            kernel.failures = 1;
            assertThat(reactor.turn(FOREVER)).isZero();
            kernel.write8(eventfd.fd(), 1);
            assertThat(reactor.turn(FOREVER)).isEqualTo(1);
            assertThat(poll.results).containsExactly(Net.POLLIN);
            eventfd.close();
        });
    }

    @Test
    void fatalFailureOfEnterThrows() throws Exception {
        FailingEnterKernel kernel = new FailingEnterKernel();
        withReactor(kernel, SMALL, reactor -> {
            reactor.stage(TestOperation.nop(reactor));
            kernel.errno = Errno.EBADF;
            kernel.failures = 1;
            assertThatThrownBy(() -> reactor.turn(FOREVER)).isInstanceOf(IllegalStateException.class)
                    .hasMessage("io_uring_enter: EBADF, bad file descriptor");
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void partialSubmissionLosesNothing(int atMost) throws Exception {
        var kernel = new FailingEnterKernel() {
            boolean miserly;

            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                int some = miserly ? Math.min(toSubmit, enters % 2 == 0 ? atMost : 1) : toSubmit;
                return super.ioUringEnter(ringFd, some, some == toSubmit ? minComplete : 0, flags, arg, argBytes);
            }
        };
        withReactor(kernel, SMALL, reactor -> {
            kernel.miserly = true;
            List<Integer> order = new ArrayList<>();
            List<TestOperation> nops = nops(reactor, 50);
            for (int i = 0; i < 50; i++) {
                int number = i;
                nops.get(i).whenComplete = () -> order.add(number);
                reactor.stage(nops.get(i));
            }
            pollUntilIdle(reactor);
            assertThat(order).containsExactlyElementsOf(IntStream.range(0, 50).boxed().toList());
            assertThat(nops).allSatisfy(nop -> assertThat(nop.fills).isEqualTo(1));
            kernel.miserly = false;
        });
    }

    @Test
    void turnEndsWhenTheKernelTakesNoMore() throws Exception {
        var kernel = new FailingEnterKernel() {
            boolean one;

            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                return super.ioUringEnter(ringFd, one ? Math.min(toSubmit, 1) : toSubmit, one ? 0 : minComplete, flags,
                        arg, argBytes);
            }
        };
        withReactor(kernel, SMALL, reactor -> {
            kernel.one = true;
            List<TestOperation> nops = nops(reactor, 10);
            nops.forEach(reactor::stage);
            for (int turn = 1; turn <= 10; turn++) {
                int before = kernel.enters;
                assertThat(reactor.turn(0)).isEqualTo(1);
                assertThat(kernel.enters - before).isEqualTo(1);
            }
            kernel.one = false;
        });
    }

    @Test
    void turnSubmitsMoreEntriesThanTheQueueHolds() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            long before = count(reactor, Count.SUBMITTED);
            List<TestOperation> nops = nops(reactor, 1000);
            nops.forEach(reactor::stage);
            assertThat(count(reactor, Count.SUBMITTED)).as("staging enters nothing").isEqualTo(before);
            assertThat(reactor.turn(FOREVER)).as("completions in one turn").isEqualTo(SMALL.completionsPerTurn());
            assertThat(count(reactor, Count.SUBMITTED) - before).as("half of 16 entries").isEqualTo(8);
            pollUntilIdle(reactor);
            assertThat(nops).allSatisfy(nop -> assertThat(nop.results).containsExactly(0));
            assertThat(count(reactor, Count.OVERFLOWS)).isZero();
        });
    }

    @Test
    void operationStagedFromACompletionGoesWithTheNextTurn() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            TestOperation nop = TestOperation.nop(reactor);
            nop.whenComplete = () -> {
                assertThat(nop.inFlight()).isFalse();
                if (nop.results.size() < 100) {
                    reactor.stage(nop);
                }
            };
            reactor.stage(nop);
            for (int turn = 1; turn <= 100; turn++) {
                assertThat(reactor.turn(FOREVER)).isEqualTo(1);
                assertThat(nop.results).hasSize(turn);
            }
            assertThat(reactor.busy()).isFalse();
        });
    }

    @Test
    void turnWithNothingToDoMakesNoSystemCall() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            long before = count(reactor, Count.ENTERS);
            assertThat(reactor.turn(0)).isZero();
            assertThat(count(reactor, Count.ENTERS)).isEqualTo(before);
        });
    }

    @Test
    void sleepEndsAfterItsTime() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> assertThat(reactor.turn(1_000_000)).isZero());
    }

    @Test
    void throwingHandlerIsReportedAndAffectsNoOther() throws Exception {
        Reactor reactor = new Reactor(new Libc(), SMALL);
        List<Throwable> faults = new ArrayList<>();
        reactor.setOwner(this, faults::add);
        reactor.open();
        List<TestOperation> nops = nops(reactor, 4);
        IllegalArgumentException failure = new IllegalArgumentException("thrown by the test");
        nops.get(1).whenComplete = () -> {
            throw failure;
        };
        nops.forEach(reactor::stage);
        reactor.turn(FOREVER);
        assertThat(nops).allSatisfy(nop -> assertThat(nop.results).containsExactly(0));
        assertThat(faults).containsExactly(failure);
        end(reactor, 0);
    }

    // ---- cancellation

    @Test
    void cancelBeforeSubmissionNeverReachesTheKernel() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            long before = count(reactor, Count.SUBMITTED);
            TestOperation nop = TestOperation.nop(reactor);
            reactor.stage(nop);
            reactor.cancel(nop);
            reactor.cancel(nop);
            assertThat(nop.inFlight()).as("until the next turn").isTrue();
            assertThat(reactor.turn(FOREVER)).isEqualTo(1);
            assertThat(nop.results).containsExactly(-Errno.ECANCELED);
            assertThat(nop.fills).isZero();
            assertThat(nop.inFlight()).isFalse();
            assertThat(count(reactor, Count.SUBMITTED)).isEqualTo(before);
            assertThat(count(reactor, Count.CANCELS)).isEqualTo(1);
        });
    }

    @Test
    void cancelInTheKernelEndsTheOperation() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            Descriptor eventfd = eventfd(reactor);
            TestOperation poll = poll(eventfd);
            reactor.stage(poll);
            reactor.turn(0);
            reactor.cancel(poll);
            assertThat(poll.inFlight()).isTrue();
            pollUntilIdle(reactor);
            assertThat(poll.results).containsExactly(-Errno.ECANCELED);
            eventfd.close();
        });
    }

    @Test
    void cancelThatComesTooLateLeavesTheResult() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            Descriptor eventfd = eventfd(reactor);
            TestOperation poll = poll(eventfd);
            reactor.stage(poll);
            reactor.turn(0);
            reactor.kernel().write8(eventfd.fd(), 1); // completes inside the enter that submits the cancel, or before
            reactor.cancel(poll);
            pollUntilIdle(reactor);
            assertThat(poll.results).hasSize(1).isSubsetOf(Net.POLLIN, -Errno.ECANCELED);
            reactor.cancel(poll);
            assertThat(reactor.busy()).as("a cancel of an idle operation has no effect").isFalse();
            eventfd.close();
        });
    }

    @Test
    void cancelOfAPastUseDoesNotEndTheNext() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            TestOperation nop = TestOperation.nop(reactor);
            Descriptor eventfd = eventfd(reactor);
            TestOperation poll = poll(eventfd);
            reactor.stage(nop);
            reactor.stage(poll);
            nop.whenComplete = () -> reactor.cancel(poll);
            poll.whenComplete = () -> {
                if (poll.results.size() == 1) {
                    reactor.stage(poll);
                }
            };
            reactor.kernel().write8(eventfd.fd(), 1); // so both completions are in one batch, and the cancel is too late
            reactor.turn(FOREVER);
            assertThat(poll.results).containsExactly(Net.POLLIN);
            reactor.turn(FOREVER);
            assertThat(poll.results).containsExactly(Net.POLLIN, Net.POLLIN);
            eventfd.close();
        });
    }

    @Test
    void moreCancelsThanEntriesAreAllSubmitted() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            Descriptor eventfd = eventfd(reactor);
            List<TestOperation> polls = IntStream.range(0, 100).mapToObj(i -> poll(eventfd)).toList();
            polls.forEach(reactor::stage);
            reactor.turn(0);
            polls.forEach(reactor::cancel);
            pollUntilIdle(reactor);
            assertThat(polls).allSatisfy(poll -> assertThat(poll.results).containsExactly(-Errno.ECANCELED));
            eventfd.close();
        });
    }

    @Test
    void cancelAllEndsWhatIsSubmittedAndWhatIsStaged() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            assertThat(reactor.isAccepting()).isTrue();
            Descriptor eventfd = eventfd(reactor);
            TestOperation submitted = poll(eventfd);
            TestOperation staged = poll(eventfd);
            reactor.stage(submitted);
            reactor.turn(0);
            reactor.stage(staged);
            reactor.cancelAll();
            assertThat(reactor.isAccepting()).isFalse();
            reactor.drain(FOREVER);
            assertThat(submitted.results).containsExactly(-Errno.ECANCELED);
            assertThat(staged.results).containsExactly(-Errno.ECANCELED);
            assertThat(staged.fills).isZero();
            eventfd.close();
        });
    }

    @Test
    void operationStagedAfterCancelAllEndsAtOnce() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            reactor.cancelAll();
            TestOperation nop = TestOperation.nop(reactor);
            reactor.stage(nop);
            assertThat(reactor.turn(FOREVER)).isEqualTo(1);
            assertThat(nop.results).containsExactly(-Errno.ECANCELED);
            assertThat(nop.fills).isZero();
        });
    }

    @Test
    void operationStagedWithoutARingEndsAtOnce() {
        Reactor reactor = new Reactor(new Libc(), SMALL);
        TestOperation nop = TestOperation.nop(reactor);
        reactor.stage(nop);
        assertThat(nop.results).isEmpty();
        assertThat(reactor.turn(FOREVER)).isEqualTo(1);
        assertThat(nop.results).containsExactly(-Errno.ECANCELED);
        assertThat(reactor.busy()).isFalse();
    }

    // ---- descriptors

    @Test
    void descriptorWithNothingInFlightIsClosedAtOnceAndOnce() throws Exception {
        FailingEnterKernel kernel = new FailingEnterKernel();
        withReactor(kernel, SMALL, reactor -> {
            Descriptor eventfd = eventfd(reactor);
            List<String> events = new ArrayList<>();
            eventfd.whenClosed(() -> events.add("first"));
            eventfd.whenClosed(() -> events.add("second"));
            assertThat(eventfd.isOpen()).isTrue();
            eventfd.close();
            eventfd.close();
            assertThat(eventfd.isOpen()).isFalse();
            assertThat(kernel.closed).containsExactly(eventfd.fd());
            eventfd.whenClosed(() -> events.add("late"));
            assertThat(events).containsExactly("first", "second", "late");
        });
    }

    @Test
    void descriptorIsClosedAfterItsLastCompletion() throws Exception {
        FailingEnterKernel kernel = new FailingEnterKernel();
        withReactor(kernel, SMALL, reactor -> {
            Descriptor eventfd = eventfd(reactor);
            List<String> events = new ArrayList<>();
            List<TestOperation> polls = IntStream.range(0, 5).mapToObj(i -> poll(eventfd)).toList();
            for (TestOperation poll : polls) {
                poll.whenComplete = () -> events.add(kernel.closed.isEmpty() ? "completion" : "completion too late");
            }
            eventfd.whenClosed(() -> events.add("closed"));
            polls.subList(0, 3).forEach(reactor::stage);
            reactor.turn(0);
            polls.subList(3, 5).forEach(reactor::stage); // two that are never submitted
            eventfd.close();
            assertThat(kernel.closed).isEmpty();
            assertThat(events).isEmpty();
            pollUntilIdle(reactor);
            assertThat(events).containsExactly("completion", "completion", "completion", "completion", "completion",
                    "closed");
            assertThat(kernel.closed).containsExactly(eventfd.fd());
            assertThat(polls).allSatisfy(poll -> assertThat(poll.results).containsExactly(-Errno.ECANCELED));
            assertThat(polls).extracting(poll -> poll.fills).containsExactly(1, 1, 1, 0, 0);
        });
    }

    @Test
    void descriptorIsClosedFromInsideACompletion() throws Exception {
        FailingEnterKernel kernel = new FailingEnterKernel();
        withReactor(kernel, SMALL, reactor -> {
            Descriptor eventfd = eventfd(reactor);
            TestOperation first = poll(eventfd);
            TestOperation second = poll(eventfd);
            first.whenComplete = eventfd::close;
            second.whenComplete = () -> assertThat(kernel.closed).isEmpty();
            reactor.stage(first);
            reactor.turn(0);
            reactor.kernel().write8(eventfd.fd(), 1);
            reactor.stage(second);
            pollUntilIdle(reactor);
            assertThat(first.results).containsExactly(Net.POLLIN);
            assertThat(second.results).hasSize(1);
            assertThat(kernel.closed).containsExactly(eventfd.fd());
        });
    }

    // ---- budgets

    @Test
    void operationsWaitForAFreeBlockInOrder() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            BlockPool pool = reactor.pools().sendBlocks();
            assertThat(pool.blockBytes()).isEqualTo(64);
            assertThat(pool.count()).isEqualTo(2);
            List<Integer> order = new ArrayList<>();
            List<Integer> held = new ArrayList<>();
            List<TestOperation> probes = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                int number = i;
                TestOperation probe = new TestOperation(new Descriptor(reactor, -1), sqe -> {
                    int block = pool.take();
                    assertThat(pool.segment(block).byteSize()).isEqualTo(64);
                    held.add(block);
                    order.add(number);
                    sqe.prepNop();
                });
                probes.add(probe);
                pool.stage(probe);
            }
            reactor.turn(0);
            assertThat(order).containsExactly(0, 1);
            assertThat(held).doesNotHaveDuplicates();
            assertThat(pool.free()).isZero();
            assertThatThrownBy(pool::take).isInstanceOf(IllegalStateException.class)
                    .hasMessage("no block free of 2");
            reactor.turn(0);
            assertThat(order).as("no block was given back").containsExactly(0, 1);
            assertThat(probes.get(0).results).containsExactly(0);
            for (int given = 0; given < 5; given++) {
                pool.give(held.get(given));
                reactor.turn(0);
                assertThat(order).hasSize(Math.min(5, given + 3));
            }
            assertThat(order).containsExactly(0, 1, 2, 3, 4);
            assertThat(pool.free()).isEqualTo(2);
            assertThatThrownBy(() -> pool.give(0)).as("more given back than taken")
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("given back twice");
        });
    }

    @Test
    void cancelledOperationNeedsNoBlockToEnd() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            BlockPool pool = reactor.pools().sendBlocks();
            List<Integer> held = List.of(pool.take(), pool.take());
            TestOperation first = new TestOperation(new Descriptor(reactor, -1), sqe -> { });
            pool.stage(first);
            reactor.turn(0);
            reactor.cancel(first);
            reactor.turn(FOREVER);
            assertThat(first.results).containsExactly(-Errno.ECANCELED);
            held.forEach(pool::give);
        });
    }

    @Test
    void cancelledOperationDoesNotWaitForThoseBeforeIt() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            BlockPool pool = reactor.pools().sendBlocks();
            List<Integer> held = List.of(pool.take(), pool.take()); // as by sends to a peer that does not read
            TestOperation first = new TestOperation(new Descriptor(reactor, -1), sqe -> { });
            TestOperation second = new TestOperation(new Descriptor(reactor, -1), sqe -> { });
            pool.stage(first);
            pool.stage(second);
            reactor.turn(0);
            reactor.cancel(second);
            reactor.turn(0);
            assertThat(second.results).containsExactly(-Errno.ECANCELED);
            assertThat(first.inFlight()).isTrue();
            held.forEach(pool::give);
        });
    }

    @Test
    void operationsWaitingForABlockDelayNoOther() throws Exception {
        withReactor(new Libc(), SMALL, reactor -> {
            BlockPool pool = reactor.pools().sendBlocks();
            List<Integer> held = List.of(pool.take(), pool.take());
            pool.stage(new TestOperation(new Descriptor(reactor, -1), sqe -> { }));
            TestOperation nop = TestOperation.nop(reactor);
            reactor.stage(nop);
            reactor.turn(FOREVER);
            assertThat(nop.results).containsExactly(0);
            held.forEach(pool::give);
        });
    }

    // ---- the notifier

    /// A kernel without a working multishot poll, in one of several ways.
    private static final class NoMultishot extends InterceptedKernel {

        enum Way { ENDS_AFTER_ONE, REPORTS_THE_FIRST_WRITE_ONLY, REFUSED }

        private final Way way;
        private int writes;

        NoMultishot(Way way) {
            this.way = way;
        }

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            MemorySegment entries = submissionEntries();
            for (long at = 0; at < entries.byteSize() && way != Way.REPORTS_THE_FIRST_WRITE_ONLY; at += Abi.SQE_BYTES) {
                if (entries.get(JAVA_BYTE, at) == Opcode.POLL_ADD.number() && entries.get(JAVA_INT, at + 24) == 1) {
                    entries.set(JAVA_INT, at + 24, way == Way.REFUSED ? 1 << 30 : 0);
                }
            }
            return super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
        }

        @Override
        public int write8(int fd, long value) {
            return way == Way.REPORTS_THE_FIRST_WRITE_ONLY && ++writes == 2 ? Long.BYTES : super.write8(fd, value);
        }
    }

    @ParameterizedTest
    @EnumSource(NoMultishot.Way.class)
    void wakeWorksWithoutMultishotPoll(NoMultishot.Way way) throws Exception {
        Reactor reactor = new Reactor(new NoMultishot(way), SMALL);
        reactor.open();
        assertThat(reactor.wakesByMultishot()).isFalse();
        wakeManyTimes(reactor);
    }

    @Test
    void wakeWorksWithMultishotPoll() throws Exception {
        Reactor reactor = new Reactor(new Libc(), SMALL);
        reactor.open();
        assertThat(reactor.wakesByMultishot()).isTrue();
        long before = count(reactor, Count.SUBMITTED);
        wakeManyTimes(reactor);
        assertThat(count(reactor, Count.SUBMITTED) - before).as("armed once, cancelled once").isEqualTo(1);
    }

    private static void wakeManyTimes(Reactor reactor) throws Exception {
        for (int i = 0; i < 100; i++) {
            Thread waker = Thread.ofPlatform().start(reactor::wake);
            while (reactor.turn(FOREVER) == 0) { } // does not end if the wake is lost
            waker.join();
        }
        end(reactor, 100);
    }

    @Test
    void wakeBeforeTheSleepIsNotLost() throws Exception {
        Reactor reactor = new Reactor(new Libc(), SMALL);
        reactor.open();
        reactor.wake();
        assertThat(reactor.turn(FOREVER)).isEqualTo(1);
        end(reactor, 1);
    }

    @ParameterizedTest
    @EnumSource(NoMultishot.Way.class)
    void closeEndsAlthoughAWakesCompletionComesBeforeTheCancel(NoMultishot.Way way) throws Exception {
        Limits oneCompletionATurn = small(1);
        Reactor reactor = new Reactor(new NoMultishot(way), oneCompletionATurn);
        reactor.open();
        while (reactor.turn(0) > 0) { } // completions of the opening
        nops(reactor, 2).forEach(reactor::stage);
        assertThat(reactor.turn(0)).isEqualTo(1);
        reactor.wake();
        reactor.turn(0); // handles the second NOP; the completion of the notifier is behind it
        assertThat(reactor.busy()).isFalse();
        end(reactor, 1);
    }

    @Test
    void cancelAllDoesNotCancelAnUnsubmittedNotifier() throws Exception {
        Reactor reactor = new Reactor(new NoMultishot(NoMultishot.Way.ENDS_AFTER_ONE), SMALL);
        reactor.open();
        reactor.wake();
        assertThat(reactor.turn(FOREVER)).isEqualTo(1); // and it is staged again
        reactor.cancelAll();
        reactor.turn(0);
        reactor.wake();
        assertThat(reactor.turn(FOREVER)).isEqualTo(1);
        end(reactor, 2);
    }

    // ---- opening and closing

    @Test
    void ringIsOpenedAgainAfterItsClose() throws Exception {
        Reactor reactor = new Reactor(new Libc(), SMALL);
        for (int i = 0; i < 50; i++) {
            assertThat(reactor.isOpen()).isFalse();
            assertThat(reactor.isAccepting()).isFalse();
            reactor.open();
            TestOperation nop = TestOperation.nop(reactor);
            reactor.stage(nop);
            reactor.turn(FOREVER);
            assertThat(nop.results).containsExactly(0);
            assertThat(reactor.pools().sendBlocks().free()).isEqualTo(2);
            assertThat(reactor.pools().receiveGroup().free()).isEqualTo(4);
            end(reactor, 0);
        }
    }

    @Test
    void operationsStagedWithoutARingDoNotAffectTheNextRing() throws Exception {
        Reactor reactor = new Reactor(new Libc(), SMALL);
        TestOperation early = TestOperation.nop(reactor);
        reactor.stage(early);
        reactor.open();
        Descriptor eventfd = eventfd(reactor);
        TestOperation poll = poll(eventfd);
        reactor.stage(poll);
        reactor.turn(0);
        assertThat(early.results).containsExactly(-Errno.ECANCELED);
        assertThat(reactor.busy()).as("the kernel still owns the memory of the poll").isTrue();
        eventfd.close();
        end(reactor, 0);
    }

    @Test
    void failedEventfdLeavesNothingOpen() {
        var kernel = new FailingEnterKernel() {
            int ring;

            @Override
            public int ioUringSetup(int entries, MemorySegment params) {
                return ring = super.ioUringSetup(entries, params);
            }

            @Override
            public int eventfd(int initialValue, int flags) {
                return -Errno.EMFILE;
            }
        };
        Reactor reactor = new Reactor(kernel, SMALL);
        assertThatThrownBy(reactor::open).hasMessage("eventfd: EMFILE, too many open files in this process");
        assertThat(kernel.closed).containsExactly(kernel.ring);
        assertThat(reactor.isOpen()).isFalse();
    }

    @Test
    void brokenEnterAtTheOpeningLeavesNothingOpen() {
        var kernel = new FailingEnterKernel() {
            final List<Integer> opened = new ArrayList<>();

            @Override
            public int ioUringSetup(int entries, MemorySegment params) {
                int fd = super.ioUringSetup(entries, params);
                if (fd >= 0) { // EINVAL before Linux 6.6: the next attempt has fewer flags
                    opened.add(fd);
                }
                return fd;
            }

            @Override
            public int timerfdCreate(int clock, int flags) {
                opened.add(super.timerfdCreate(clock, flags));
                return opened.getLast();
            }

            @Override
            public int eventfd(int initialValue, int flags) {
                opened.add(super.eventfd(initialValue, flags));
                return opened.getLast();
            }
        };
        kernel.errno = Errno.EPERM; // as a seccomp filter that forbids only this call
        kernel.failures = Integer.MAX_VALUE;
        Reactor reactor = new Reactor(kernel, SMALL);
        assertThatThrownBy(reactor::open).hasMessageContaining("io_uring_enter: EPERM");
        assertThat(reactor.isOpen()).isFalse();
        assertThat(kernel.closed).containsExactlyInAnyOrderElementsOf(kernel.opened);
    }

    /// `ExitTest` shows the rest, in other processes.
    @Test
    void threadExitsIfItIsInsideRuntimeExit() {
        assertThat(Reactor.isExit(new StackTraceElement("java.lang.Runtime", "exit", "Runtime.java", 1))).isTrue();
        assertThat(Reactor.isExit(new StackTraceElement("java.lang.Runtime", "gc", "Runtime.java", 1))).isFalse();
        assertThat(Reactor.isExit(new StackTraceElement("java.lang.Shutdown", "exit", "Shutdown.java", 1))).isFalse();
        assertThat(Reactor.isExiting(Thread.currentThread())).isFalse();
        assertThat(Reactor.isExiting(null)).isFalse();
        assertThat(new Reactor(new Libc(), SMALL).isExiting()).isFalse();
    }

    @Test
    void otherThreadsAreRefused() throws Exception {
        Reactor reactor = new Reactor(new Libc(), SMALL);
        Throwable[] thrown = new Throwable[1];
        Thread other = Thread.ofPlatform().start(() -> {
            try {
                reactor.open();
            } catch (Throwable t) {
                thrown[0] = t;
            }
        });
        other.join();
        assertThat(thrown[0]).isInstanceOf(WrongThreadException.class);
    }
}

package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactor.Counters.Count;
import io.trale.sim.Capability;
import io.trale.sim.SimKernel;
import io.trale.testing.InterceptedKernel;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The bounds of a turn: how many completions it takes, and how long it handles them. On the simulated kernel, in virtual time.
@Timeout(60)
class TurnTest {

    private static final long FOREVER = Long.MAX_VALUE;
    private static final long MILLI = 1_000_000;

    private final SimKernel kernel = new SimKernel(0);
    private final List<Throwable> faults = new ArrayList<>();

    private Reactor open(io.trale.linux.Kernel kernel, Limits limits) throws Exception {
        Reactor reactor = new Reactor(kernel, limits);
        reactor.setOwner(this, faults::add);
        reactor.open();
        return reactor;
    }

    private static Limits limits(int submissions, int completions, int completionsPerTurn) {
        return new Limits(submissions, completions, completionsPerTurn, new Limits.Pool(4, 64), new Limits.Pool(1, 64),
                new Limits.Pool(2, 64), new Limits.Pool(1, 64));
    }

    private static List<TestOperation> nops(Reactor reactor, int count) {
        List<TestOperation> nops = IntStream.range(0, count).mapToObj(i -> TestOperation.nop(reactor)).toList();
        nops.forEach(reactor::stage);
        return nops;
    }

    private static void end(Reactor reactor) {
        while (reactor.busy()) {
            reactor.turn(FOREVER);
        }
        assertThat(reactor.close(0)).isTrue();
    }

    @AfterEach
    void loopHasThrownNothing() {
        assertThat(faults).isEmpty();
    }

    // ---- space in the completion queue

    @Test
    void completionsAreTakenBeforeTheirQueueOverflows() throws Exception {
        Reactor reactor = open(kernel, limits(4, 16, 8));
        List<TestOperation> nops = nops(reactor, 1000);
        end(reactor);
        assertThat(nops).allSatisfy(nop -> assertThat(nop.results).containsExactly(0));
        assertThat(reactor.counters().get(Count.OVERFLOWS)).isZero();
        kernel.assertQuiescent();
    }

    @Test
    void submissionContinuesWithTheSmallestQueues() throws Exception {
        Reactor reactor = open(kernel, limits(1, 1, 1));
        List<TestOperation> nops = nops(reactor, 100);
        end(reactor);
        assertThat(nops).allSatisfy(nop -> assertThat(nop.results).containsExactly(0));
        kernel.assertQuiescent();
    }

    /// As the fast call of libc, which does not learn the errno: the second call, for the errno, succeeds.
    private static final class WithoutErrno extends InterceptedKernel {

        WithoutErrno(SimKernel kernel) {
            super(kernel);
        }

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            int result = super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            if (result >= 0 || argBytes > 0) {
                return result;
            }
            int again = super.ioUringEnter(ringFd, toSubmit, 0, flags, arg, argBytes);
            return again != 0 ? again : -Errno.EINTR;
        }
    }

    @Test
    void lostCompletionIsFatal() throws Exception {
        kernel.maxOverflow(0);
        Reactor reactor = open(new WithoutErrno(kernel), limits(4, 4, 8));
        Descriptor event = new Descriptor(reactor, kernel.eventfd(0, Net.EFD_CLOEXEC | Net.EFD_NONBLOCK));
        List<TestOperation> polls = IntStream.range(0, 6)
                .mapToObj(i -> new TestOperation(event, sqe -> sqe.prepPoll(event.fd(), Net.POLLIN))).toList();
        polls.forEach(reactor::stage);
        reactor.turn(0);
        kernel.write8(event.fd(), 1);
        assertThatThrownBy(() -> {
            while (reactor.busy()) {
                reactor.turn(FOREVER);
            }
        }).isInstanceOf(IllegalStateException.class).hasMessageContaining("lost 2 completions");
        assertThatThrownBy(() -> reactor.turn(0)).as("also later").hasMessageContaining("lost 2 completions");
        assertThat(reactor.close(0)).as("the memory of the lost operations is not freed").isFalse();
        assertThat(event.isClosed()).isTrue();
        assertThat(kernel.openDescriptors()).isZero();
    }

    @Test
    void completionOfAnUnknownOperationIsCountedAndIgnored() throws Exception {
        var intercepted = new InterceptedKernel(kernel) {
            boolean wrong;

            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
                MemorySegment entries = submissionEntries();
                for (long at = 0; wrong && at < entries.byteSize(); at += Abi.SQE_BYTES) {
                    entries.set(JAVA_LONG, at + 32, 7L << 32); // user_data of struct io_uring_sqe
                }
                return super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
            }
        };
        Reactor reactor = open(intercepted, limits(4, 16, 8));
        TestOperation nop = nops(reactor, 1).getFirst();
        intercepted.wrong = true;
        assertThat(reactor.turn(0)).isEqualTo(1);
        intercepted.wrong = false;
        assertThat(reactor.counters().get(Count.UNKNOWN)).isEqualTo(1);
        assertThat(nop.results).isEmpty();
        assertThat(reactor.close(0)).as("the operation has not ended").isFalse();
    }

    @Test
    void wakesAreCountedOneByOneIfNothingWaitsOnAnEventfd() throws Exception {
        kernel.without(Capability.MULTISHOT_POLL, Capability.PATIENT_COUNTERS);
        Reactor reactor = open(kernel, limits(4, 16, 8));
        assertThat(reactor.wakesByMultishot()).isFalse();
        while (reactor.turn(0) > 0) { } // what the opening has left
        for (int wakes = 0; wakes < 5; wakes++) {
            assertThat(reactor.turn(MILLI)).as("asleep until then").isZero();
            kernel.after(MILLI, reactor::wake);
            assertThat(reactor.turn(FOREVER)).isEqualTo(1);
            while (reactor.turn(0) > 0) { } // the read, and the next poll
        }
        assertThat(reactor.close(5)).isTrue();
        kernel.assertQuiescent();
    }

    // ---- what user code throws

    @Test
    void operationThatCannotBeFilledEndsAndTheNextTakesItsPlace() throws Exception {
        Reactor reactor = open(kernel, limits(4, 16, 8));
        BufferGroup group = reactor.pools().leaseGroup(); // with one buffer
        IllegalArgumentException failure = new IllegalArgumentException("in fill");
        Descriptor connection = SimConnection.accept(reactor, kernel, (byte) 7);
        TestOperation broken = new TestOperation(connection, sqe -> {
            sqe.prepRecvSelect(connection.fd(), group.id(), 0);
            throw failure;
        });
        TestOperation receive = SimConnection.receive(connection, group);
        group.stage(broken);
        group.stage(receive);
        reactor.turn(0);
        assertThat(receive.results).containsExactly(1);
        assertThat(broken.results).containsExactly(-Errno.ECANCELED);
        long submitted = reactor.counters().get(Count.SUBMITTED);
        reactor.turn(0);
        assertThat(reactor.counters().get(Count.SUBMITTED)).as("the reactor's own operations are in flight").isEqualTo(submitted);
        connection.close();
        end(reactor);
        assertThat(faults).containsExactly(failure);
        faults.clear();
    }

    @Test
    void whatADeadlineAReportAndACloseActionThrowIsReported() throws Exception {
        Reactor reactor = open(kernel, limits(4, 16, 8));
        reactor.clock().reportSlow(MILLI, (name, duration) -> {
            throw new IllegalArgumentException("the report");
        });
        boolean[] second = new boolean[1];
        reactor.deadlines().set(new Deadline() {
            @Override
            protected void reached() {
                kernel.elapse(MILLI);
                throw new IllegalArgumentException("the deadline");
            }
        }, kernel.nanoTime());
        reactor.deadlines().set(new Deadline() {
            @Override
            protected void reached() {
                second[0] = true;
            }
        }, kernel.nanoTime());
        reactor.turn(0);
        assertThat(second[0]).isTrue();
        Descriptor descriptor = new Descriptor(reactor, kernel.eventfd(0, Net.EFD_NONBLOCK));
        descriptor.whenClosed(() -> {
            throw new IllegalArgumentException("the close action");
        });
        descriptor.close();
        assertThat(descriptor.isClosed()).isTrue();
        end(reactor);
        assertThat(faults).extracting(Throwable::getMessage)
                .containsExactly("the deadline", "the report", "the close action");
        faults.clear();
        kernel.assertQuiescent();
    }

    // ---- time

    @Test
    void withdrawnOperationsEndInATurnOfSlowCompletions() throws Exception {
        Reactor reactor = open(kernel, limits(64, 128, 64));
        List<TestOperation> nops = nops(reactor, 40);
        nops.forEach(nop -> nop.whenComplete = () -> kernel.elapse(MILLI));
        TestOperation withdrawn = TestOperation.nop(reactor);
        reactor.stage(withdrawn);
        reactor.cancel(withdrawn);
        reactor.turn(0);
        assertThat(nops.getLast().inFlight()).isTrue();
        assertThat(withdrawn.results).containsExactly(-Errno.ECANCELED);
        end(reactor);
        kernel.assertQuiescent();
    }

    @Test
    void aReceiveFindsItsBufferAfterATurnThatLeftCompletions() throws Exception {
        Reactor reactor = open(kernel, limits(64, 128, 64));
        BufferGroup group = reactor.pools().leaseGroup(); // with one buffer
        Descriptor connection = SimConnection.accept(reactor, kernel, (byte) 7);
        Descriptor other = SimConnection.accept(reactor, kernel, (byte) 8);
        List<TestOperation> receives = List.of(SimConnection.receive(connection, group), SimConnection.receive(other, group));
        for (TestOperation receive : receives) {
            receive.whenComplete = () -> {
                group.take(receive.flags.getLast());
                group.give(receive.flags.getLast());
            };
        }
        List<TestOperation> nops = nops(reactor, 16);
        nops.getFirst().whenComplete = () -> kernel.elapse(TurnClock.TURN_NANOS);
        reactor.turn(0);
        assertThat(nops.getLast().inFlight()).as("taken from the kernel, and not handled").isTrue();
        group.stage(receives.get(0)); // takes the buffer in the submit
        reactor.turn(0);
        group.stage(receives.get(1));
        end(reactor);
        assertThat(receives).allSatisfy(receive -> assertThat(receive.results).containsExactly(1));
        connection.close();
        other.close();
    }

    @Test
    void completionsLeftOverFromALongTurnAreHandledInTheNext() throws Exception {
        Reactor reactor = open(kernel, limits(64, 128, 64));
        List<Integer> order = new ArrayList<>();
        List<TestOperation> nops = nops(reactor, 40);
        for (int i = 0; i < nops.size(); i++) {
            int number = i;
            nops.get(i).whenComplete = () -> {
                order.add(number);
                kernel.elapse(MILLI);
            };
        }
        reactor.turn(0);
        int first = order.size();
        assertThat(first).isBetween(1, 16);
        long enters = reactor.counters().get(Count.ENTERS);
        nops(reactor, 1);
        reactor.turn(0);
        assertThat(order.size()).isGreaterThan(first);
        assertThat(reactor.counters().get(Count.ENTERS)).as("enters in between").isGreaterThan(enters);
        end(reactor);
        assertThat(order).isEqualTo(IntStream.range(0, 40).boxed().toList());
        assertThat(reactor.counters().get(Count.LONG_TURNS)).isBetween(2L, 3L);
        kernel.assertQuiescent();
    }

    @Test
    void deadlinesRunInATurnOfSlowCompletions() throws Exception {
        Reactor reactor = open(kernel, limits(64, 128, 64));
        List<TestOperation> nops = nops(reactor, 40);
        nops.forEach(nop -> nop.whenComplete = () -> kernel.elapse(MILLI));
        boolean[] reached = new boolean[1];
        reactor.deadlines().set(new Deadline() {
            @Override
            protected void reached() {
                reached[0] = true;
            }
        }, kernel.nanoTime());
        reactor.turn(0);
        assertThat(reached[0]).isTrue();
        assertThat(nops.getLast().inFlight()).isTrue();
        end(reactor);
        kernel.assertQuiescent();
    }

    @Test
    void sleepDoesNotCountAsALongTurn() throws Exception {
        Reactor reactor = open(kernel, limits(64, 128, 64));
        reactor.deadlines().set(new Deadline() {
            @Override
            protected void reached() {}
        }, kernel.nanoTime() + 1000 * MILLI);
        nops(reactor, 40);
        while (reactor.deadlines().size() > 0) {
            reactor.turn(FOREVER);
        }
        end(reactor);
        assertThat(reactor.counters().get(Count.LONG_TURNS)).isZero();
        kernel.assertQuiescent();
    }

    @Test
    void slowCompletionAndSlowDeadlineAreNamed() throws Exception {
        Reactor reactor = open(kernel, limits(64, 128, 64));
        List<String> slow = new ArrayList<>();
        reactor.clock().reportSlow(20 * MILLI, (name, duration) -> slow.add(name + " " + duration.toMillis()));
        TestOperation nop = nops(reactor, 3).get(1);
        nop.whenComplete = () -> kernel.elapse(25 * MILLI);
        Deadline deadline = new Deadline() {
            @Override
            protected void reached() {
                kernel.elapse(30 * MILLI);
            }
        };
        reactor.deadlines().set(deadline, kernel.nanoTime());
        end(reactor);
        assertThat(slow).containsExactly(nop + " 25", deadline.getClass().getName() + " 30");
        kernel.assertQuiescent();
    }
}

package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.UdpPort;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Receives that select from one group of buffers, on the real kernel. A receive with data queued never finds the group empty: it
/// waits in the staging queue. The same for buffers provided by a ring and by operations.
@ParameterizedClass(name = "buffer rings: {0}")
@ValueSource(booleans = {true, false})
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class BufferGroupTest {

    private static final long FOREVER = Long.MAX_VALUE;

    @Parameter
    private boolean rings;

    private interface Body {
        void run(Reactor reactor, BufferGroup group, List<UdpPort> ports, List<TestOperation> receives) throws Exception;
    }

    /// Optionally a kernel without buffer rings.
    private class OldKernel extends InterceptedKernel {
        @Override
        public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
            return opcode == Abi.IORING_REGISTER_PBUF_RING && !rings ? -Errno.EINVAL
                    : super.ioUringRegister(ringFd, opcode, arg, argCount);
        }
    }

    private static final Limits.Pool POOL = new Limits.Pool(1, 64);

    /// Runs `body` with `count` sockets and a receive for each; keeps the received buffers.
    private void withReceives(Kernel kernel, int sqEntries, int completionsPerTurn, int buffers, int count,
            Body body) throws Exception {
        Reactor reactor = new Reactor(kernel, new Limits(sqEntries, 64, completionsPerTurn,
                new Limits.Pool(buffers, 64), POOL, POOL, POOL));
        List<Throwable> faults = new ArrayList<>();
        reactor.setOwner(body, faults::add);
        reactor.open();
        BufferGroup group = reactor.pools().receiveGroup();
        assertThat(group.isRing()).isEqualTo(rings);
        List<UdpPort> ports = new ArrayList<>();
        List<Descriptor> descriptors = new ArrayList<>();
        List<TestOperation> receives = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            UdpPort port = new UdpPort(kernel);
            Descriptor descriptor = new Descriptor(reactor, port.fd());
            ports.add(port);
            descriptors.add(descriptor);
            receives.add(new TestOperation(descriptor, sqe -> sqe.prepRecvSelect(port.fd(), group.id(), 0)));
        }
        body.run(reactor, group, ports, receives);
        descriptors.forEach(Descriptor::close);
        while (reactor.busy()) {
            reactor.turn(FOREVER);
        }
        assertThat(reactor.close(0)).isTrue();
        assertThat(faults).isEmpty();
    }

    private static int arrivals(List<TestOperation> receives) {
        return receives.stream().mapToInt(receive -> receive.results.size()).sum();
    }

    private static byte take(BufferGroup group, TestOperation receive) {
        assertThat(receive.results.getLast()).isEqualTo(1);
        assertThat(receive.flags.getLast() & Abi.IORING_CQE_F_BUFFER).isNotZero();
        return group.take(receive.flags.getLast()).get(JAVA_BYTE, 0);
    }

    @Test
    void receivesOfQueuedDataWaitForABuffer() throws Exception {
        withReceives(new OldKernel(), 64, 64, 2, 5, (reactor, group, ports, receives) -> {
            for (byte i = 0; i < 5; i++) {
                ports.get(i).send(i);
                group.stage(receives.get(i));
            }
            int next = 0;
            while (next < 5) {
                reactor.turn(0);
                int arrived = arrivals(receives) - next;
                assertThat(arrived).isEqualTo(Math.min(2, 5 - next));
                List<TestOperation> done = receives.subList(next, next + arrived);
                for (TestOperation receive : done) {
                    assertThat(take(group, receive)).isEqualTo((byte) next++);
                }
                assertThat(group.free()).isEqualTo(2 - arrived);
                assertThat(reactor.turn(0)).as("with every buffer in use").isZero();
                done.forEach(receive -> group.give(receive.flags.getLast()));
            }
            assertThat(receives).allSatisfy(receive -> assertThat(receive.results).hasSize(1));
        });
    }

    @Test
    void receivesOfQueuedDataFindBuffersWithASmallQueue() throws Exception {
        withReceives(new OldKernel(), 2, 64, 4, 12, (reactor, group, ports, receives) ->
                allArriveAtTheFirstAttempt(reactor, group, ports, receives));
    }

    @Test
    void receivesOfQueuedDataFindBuffersWithFewCompletionsATurn() throws Exception {
        withReceives(new OldKernel(), 64, 1, 4, 12, (reactor, group, ports, receives) ->
                allArriveAtTheFirstAttempt(reactor, group, ports, receives));
    }

    @Test
    void receivesOfQueuedDataFindBuffersAfterPartialSubmits() throws Exception {
        var kernel = new OldKernel() {
            @Override
            public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg,
                    long argBytes) {
                int some = Math.min(toSubmit, 3);
                return super.ioUringEnter(ringFd, some, some == toSubmit ? minComplete : 0, flags, arg, argBytes);
            }
        };
        withReceives(kernel, 64, 64, 4, 12, (reactor, group, ports, receives) ->
                allArriveAtTheFirstAttempt(reactor, group, ports, receives));
    }

    private static void allArriveAtTheFirstAttempt(Reactor reactor, BufferGroup group, List<UdpPort> ports,
            List<TestOperation> receives) throws Exception {
        for (byte i = 0; i < receives.size(); i++) {
            ports.get(i).send(i);
            TestOperation receive = receives.get(i);
            byte number = i;
            receive.whenComplete = () -> {
                assertThat(receive.results).isNotEqualTo(List.of(-Errno.ENOBUFS));
                assertThat(take(group, receive)).isEqualTo(number);
                group.give(receive.flags.getLast());
            };
            group.stage(receive);
        }
        while (reactor.busy()) {
            reactor.turn(FOREVER);
        }
        assertThat(receives).allSatisfy(receive -> assertThat(receive.results).containsExactly(1));
        assertThat(group.free()).isEqualTo(4);
    }

    @Test
    void receivesContinueWhileTheCompletionQueueIsNeverEmpty() throws Exception {
        withReceives(new OldKernel(), 64, 8, 4, 12, (reactor, group, ports, receives) -> {
            boolean[] over = new boolean[1];
            for (int i = 0; i < 16; i++) { // twice as many as a turn takes, and each is staged again
                TestOperation nop = TestOperation.nop(reactor);
                nop.whenComplete = () -> {
                    if (!over[0]) {
                        reactor.stage(nop);
                    }
                };
                reactor.stage(nop);
            }
            for (byte i = 0; i < receives.size(); i++) {
                ports.get(i).send(i);
                TestOperation receive = receives.get(i);
                receive.whenComplete = () -> {
                    take(group, receive);
                    group.give(receive.flags.getLast());
                };
                group.stage(receive);
            }
            for (int turn = 0; turn < 1000 && arrivals(receives) < receives.size(); turn++) {
                reactor.turn(0);
            }
            over[0] = true;
            assertThat(receives).allSatisfy(receive -> assertThat(receive.results).containsExactly(1));
        });
    }

    @Test
    void moreReceivesThanBuffersAreAllArmedBeforeTheLoopSleeps() throws Exception {
        withReceives(new OldKernel(), 64, 64, 2, 7, (reactor, group, ports, receives) -> {
            ports.get(6).send((byte) 6); // and none to those staged before it
            receives.forEach(group::stage);
            while (receives.get(6).inFlight()) {
                reactor.turn(FOREVER);
            }
            assertThat(take(group, receives.get(6))).isEqualTo((byte) 6);
            assertThat(receives.subList(0, 6)).allSatisfy(receive -> assertThat(receive.inFlight()).isTrue());
        });
    }

    @Test
    void armedReceiveWithoutABufferEndsWithEnobufsAndIsRetried() throws Exception {
        withReceives(new OldKernel(), 64, 64, 2, 3, (reactor, group, ports, receives) -> {
            for (TestOperation receive : receives) { // one a turn: each finds free buffers, since none is selected before data
                group.stage(receive);
                reactor.turn(0);
            }
            assertThat(receives).allSatisfy(receive -> assertThat(receive.inFlight()).isTrue());
            for (byte i = 0; i < 3; i++) {
                ports.get(i).send(i);
            }
            while (arrivals(receives) < 3) {
                reactor.turn(FOREVER);
            }
            assertThat(receives).extracting(receive -> receive.results.getFirst())
                    .containsExactlyInAnyOrder(1, 1, -Errno.ENOBUFS);
            TestOperation refused = receives.stream().filter(receive -> receive.results.getFirst() < 0).findAny().orElseThrow();
            List<TestOperation> served = receives.stream().filter(receive -> receive != refused).toList();
            served.forEach(receive -> take(group, receive));

            group.stage(refused);
            reactor.turn(0);
            assertThat(refused.fills).as("it waits in the queue").isEqualTo(1);
            group.give(served.getFirst().flags.getLast());
            while (refused.inFlight()) {
                reactor.turn(FOREVER);
            }
            assertThat(take(group, refused)).isEqualTo((byte) receives.indexOf(refused));
        });
    }

    @Test
    void cancelledReceiveThatWaitsForABufferEnds() throws Exception {
        withReceives(new OldKernel(), 64, 64, 1, 3, (reactor, group, ports, receives) -> {
            ports.get(0).send((byte) 1);
            receives.forEach(group::stage);
            while (receives.get(0).inFlight()) {
                reactor.turn(FOREVER);
            }
            take(group, receives.get(0)); // the only buffer
            reactor.cancel(receives.get(1));
            reactor.cancel(receives.get(2));
            reactor.turn(0);
            assertThat(receives.get(1).results).containsExactly(-Errno.ECANCELED);
            assertThat(receives.get(2).results).containsExactly(-Errno.ECANCELED);
            assertThat(receives.get(2).fills).isZero();
        });
    }
}

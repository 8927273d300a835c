package io.trale.reactor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Errno;
import io.trale.reactor.Counters.Count;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.UdpPort;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// Buffers that are provided by operations, on a real kernel that refuses buffer rings.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class ProvidedBuffersTest {

    private static final long FOREVER = Long.MAX_VALUE;

    /// Refuses buffer rings, and the next `refusals` provided buffers.
    private static final class OldKernel extends InterceptedKernel {

        int errno = Errno.EINVAL;
        int refusals;

        @Override
        public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
            return opcode == Abi.IORING_REGISTER_PBUF_RING ? -errno
                    : super.ioUringRegister(ringFd, opcode, arg, argCount);
        }

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            MemorySegment entries = submissionEntries();
            for (long at = 0; toSubmit > 0 && refusals > 0 && at < entries.byteSize(); at += Abi.SQE_BYTES) {
                if (entries.get(JAVA_BYTE, at) == Opcode.PROVIDE_BUFFERS.number()) {
                    refusals--;
                    entries.set(JAVA_INT, at + 4, 0); // no buffer, which is an error
                }
            }
            return super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
        }
    }

    private final OldKernel kernel = new OldKernel();
    private final List<Throwable> faults = new ArrayList<>();

    private Reactor open(int completionsPerTurn) throws Exception {
        Reactor reactor = new Reactor(kernel, new Limits(1, 4, completionsPerTurn, new Limits.Pool(4, 64),
                new Limits.Pool(1, 64), new Limits.Pool(2, 64), new Limits.Pool(1, 64)));
        reactor.setOwner(this, faults::add);
        reactor.open();
        return reactor;
    }

    private static TestOperation receive(Reactor reactor, UdpPort port) {
        return new TestOperation(new Descriptor(reactor, port.fd()),
                sqe -> sqe.prepRecvSelect(port.fd(), reactor.pools().receiveGroup().id(), 0));
    }

    private static void await(Reactor reactor, TestOperation receive) {
        while (receive.inFlight()) {
            reactor.turn(FOREVER);
        }
    }

    @Test
    void providedBufferIsAvailableToTheNextReceive() throws Exception {
        Reactor reactor = open(64);
        BufferGroup group = reactor.pools().receiveGroup();
        UdpPort port = new UdpPort(kernel);
        TestOperation receive = receive(reactor, port);
        for (byte i = 0; i < 100; i++) {
            port.send(i);
            group.stage(receive);
            await(reactor, receive);
            assertThat(receive.results.getLast()).isEqualTo(1);
            assertThat(group.take(receive.flags.getLast()).get(JAVA_BYTE, 0)).isEqualTo(i);
            group.give(receive.flags.getLast());
            assertThat(group.free()).isEqualTo(4);
        }
        assertThat(reactor.busy()).as("provides do not count as in flight").isFalse();
        assertThat(reactor.close(0)).isTrue();
        assertThat(faults).isEmpty();
        kernel.close(port.fd());
    }

    @Test
    void refusedProvideIsRepeated() throws Exception {
        kernel.refusals = 6;
        Reactor reactor = open(64);
        BufferGroup group = reactor.pools().receiveGroup();
        UdpPort port = new UdpPort(kernel);
        TestOperation receive = receive(reactor, port);
        for (byte i = 0; i < 4; i++) { // keeps them, so that each buffer is selected
            port.send(i);
            do {
                group.stage(receive);
                await(reactor, receive);
            } while (receive.results.getLast() == -Errno.ENOBUFS);
            assertThat(group.take(receive.flags.getLast()).get(JAVA_BYTE, 0)).isEqualTo(i);
        }
        assertThat(kernel.refusals).isZero();
        assertThat(group.free()).isZero();
        assertThat(reactor.close(0)).isTrue();
        kernel.close(port.fd());
    }

    @Test
    void closeEndsProvidesInEveryState() throws Exception {
        for (int turns = 0; turns < 6; turns++) { // a turn submits one and takes one completion
            Reactor reactor = open(1);
            reactor.pools().receiveGroup();
            for (int i = 0; i < turns; i++) {
                reactor.turn(0);
            }
            assertThat(reactor.close(0)).isTrue();
            assertThat(reactor.counters().get(Count.UNKNOWN)).isZero();
        }
        assertThat(faults).isEmpty();
    }

    @Test
    void closeDoesNotWaitForRefusedProvides() throws Exception {
        kernel.refusals = Integer.MAX_VALUE;
        Reactor reactor = open(64);
        reactor.pools().receiveGroup();
        reactor.turn(0);
        assertThat(reactor.close(0)).isTrue();
    }

    @Test
    void lackOfMemoryCausesNoFallback() throws Exception {
        kernel.errno = Errno.ENOMEM;
        Reactor reactor = open(64);
        assertThatThrownBy(reactor.pools()::receiveGroup).isInstanceOf(IllegalStateException.class)
                .hasMessage("buffer ring of 4 x 64 bytes: ENOMEM, out of memory;"
                        + " raise the limit of locked memory (ulimit -l)");
        assertThat(reactor.close(0)).isTrue();
    }
}

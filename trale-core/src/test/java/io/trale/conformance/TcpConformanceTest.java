package io.trale.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.conformance.RingBench.Pair;
import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// TCP: the simulated kernel behaves like the real one.
@Timeout(60)
class TcpConformanceTest {

    private static final int POLLRDHUP = 0x2000;

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void bytesGoBothWays(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            long receive = bench.submit(sqe -> sqe.prepRecv(pair.server(), memory.address(), 10, 0));
            assertThat(bench.isComplete(receive)).isFalse();
            assertThat(bench.send(pair.client(), (byte) 1, (byte) 2, (byte) 3)).isEqualTo(3);
            assertThat(bench.await(receive)).isEqualTo(3);
            assertThat(bench.send(pair.server(), (byte) 4, (byte) 5)).isEqualTo(2);
            assertThat(bench.receive(pair.client(), memory)).isEqualTo(2);
            assertThat(memory.asSlice(0, 3).toArray(JAVA_BYTE)).containsExactly(4, 5, 3);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void messageIsSentFromAllItsVectors(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment vectors = bench.arena.allocate(48, 8);
            byte[][] pieces = {{1, 2}, {}, {3}};
            for (int i = 0; i < pieces.length; i++) {
                vectors.set(JAVA_LONG, 16L * i, bench.arena.allocateFrom(JAVA_BYTE, pieces[i]).address());
                vectors.set(JAVA_LONG, 16L * i + 8, pieces[i].length);
            }
            MemorySegment header = bench.arena.allocate(56, 8);
            header.set(JAVA_LONG, 16, vectors.address());
            header.set(JAVA_LONG, 24, pieces.length);
            assertThat(bench.call(sqe -> sqe.prepSendmsg(pair.client(), header.address(), Net.MSG_NOSIGNAL))).isEqualTo(3);
            MemorySegment memory = bench.arena.allocate(10, 8);
            assertThat(bench.receive(pair.server(), memory)).isEqualTo(3);
            assertThat(memory.asSlice(0, 3).toArray(JAVA_BYTE)).containsExactly(1, 2, 3);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void shortReceiveLeavesTheRestAndReportsIt(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(2, 8);
            bench.send(pair.client(), (byte) 1, (byte) 2, (byte) 3);
            long first = bench.submit(sqe -> sqe.prepRecv(pair.server(), memory.address(), 2, 0));
            assertThat(bench.await(first)).isEqualTo(2);
            assertThat(bench.awaitFlags(first)).isEqualTo(Abi.IORING_CQE_F_SOCK_NONEMPTY);
            long second = bench.submit(sqe -> sqe.prepRecv(pair.server(), memory.address(), 2, 0));
            assertThat(bench.await(second)).isOne();
            assertThat(bench.awaitFlags(second)).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void halfCloseDoesNotStopTheOtherDirection(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            bench.send(pair.client(), (byte) 1);
            assertThat(bench.kernel.shutdown(pair.client(), Net.SHUT_WR)).isZero();
            assertThat(bench.receive(pair.server(), memory)).isOne();
            assertThat(bench.receive(pair.server(), memory)).isZero();
            assertThat(bench.receive(pair.server(), memory)).isZero();
            assertThat(bench.send(pair.client(), (byte) 1)).isEqualTo(-Errno.EPIPE);
            assertThat(bench.send(pair.server(), (byte) 1, (byte) 2)).isEqualTo(2);
            assertThat(bench.receive(pair.client(), memory)).isEqualTo(2);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void resetEndsBothSidesAndIsReportedOnce(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            long receive = bench.submit(sqe -> sqe.prepRecv(pair.server(), memory.address(), 10, 0));
            bench.reset(pair.client());
            assertThat(bench.await(receive)).isEqualTo(-Errno.ECONNRESET);
            assertThat(bench.receive(pair.server(), memory)).isZero();
            assertThat(bench.send(pair.server(), (byte) 1)).isEqualTo(-Errno.EPIPE);
            assertThat(bench.kernel.shutdown(pair.server(), Net.SHUT_WR)).isEqualTo(-Errno.ENOTCONN);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void resetIsReportedToTheFirstOperation(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            bench.reset(pair.client());
            assertThat(bench.call(sqe -> sqe.prepPoll(pair.server(), Net.POLLIN | Net.POLLOUT)))
                    .isEqualTo(Net.POLLIN | Net.POLLOUT | Net.POLLERR | Net.POLLHUP | POLLRDHUP);
            assertThat(bench.send(pair.server(), (byte) 1)).isEqualTo(-Errno.ECONNRESET);
            assertThat(bench.send(pair.server(), (byte) 1)).isEqualTo(-Errno.EPIPE);
            assertThat(bench.receive(pair.server(), memory)).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void dataBeforeAResetCanBeReceived(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            bench.send(pair.client(), (byte) 1, (byte) 2);
            bench.reset(pair.client());
            assertThat(bench.receive(pair.server(), memory)).isEqualTo(2);
            assertThat(bench.receive(pair.server(), memory)).isEqualTo(-Errno.ECONNRESET);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void closeWithUnreadDataIsAReset(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            bench.send(pair.client(), (byte) 1);
            bench.close(pair.server());
            assertThat(bench.receive(pair.client(), memory)).isEqualTo(-Errno.ECONNRESET);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void sendToAClosedPeerIsReset(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            bench.close(pair.server());
            assertThat(bench.receive(pair.client(), memory)).isZero();
            assertThat(bench.send(pair.client(), (byte) 1)).isOne();
            assertThat(bench.send(pair.client(), (byte) 1)).isEqualTo(-Errno.EPIPE);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void shutdownOfOurReadingSideEndsAReceive(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            long receive = bench.submit(sqe -> sqe.prepRecv(pair.server(), memory.address(), 10, 0));
            assertThat(bench.kernel.shutdown(pair.server(), Net.SHUT_RD)).isZero();
            assertThat(bench.await(receive)).isZero();
            assertThat(bench.send(pair.server(), (byte) 1)).isOne();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void cancelOfAReceiveThatWaitsEndsIt(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            long receive = bench.submit(sqe -> sqe.prepRecv(pair.server(), memory.address(), 10, 0));
            assertThat(bench.call(sqe -> sqe.prepCancel(receive))).isZero();
            assertThat(bench.await(receive)).isEqualTo(-Errno.ECANCELED);
            assertThat(bench.call(sqe -> sqe.prepCancel(receive))).isEqualTo(-Errno.ENOENT);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void cancelOfAReceiveWithDataComesTooLate(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            bench.send(pair.client(), (byte) 1, (byte) 2);
            long receive = bench.submit(sqe -> sqe.prepRecv(pair.server(), memory.address(), 10, 0));
            assertThat(bench.call(sqe -> sqe.prepCancel(receive))).isEqualTo(-Errno.ENOENT);
            assertThat(bench.await(receive)).isEqualTo(2);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void cancelOfAPartialSendReturnsItsCount(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(16 << 20, 8);
            long send = bench.submit(sqe -> sqe.prepSend(pair.client(), memory.address(), 16 << 20,
                    Net.MSG_NOSIGNAL | Net.MSG_WAITALL));
            assertThat(bench.isComplete(send)).isFalse();
            assertThat(bench.call(sqe -> sqe.prepCancel(send))).isZero();
            assertThat(bench.await(send)).isBetween(1, (16 << 20) - 1);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void fullSocketBecomesWritableOnceThePeerReads(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            long sent = bench.fill(pair.client());
            long poll = bench.submit(sqe -> sqe.prepPoll(pair.client(), Net.POLLOUT));
            assertThat(bench.isComplete(poll)).isFalse();
            MemorySegment memory = bench.arena.allocate(1 << 20, 8);
            for (long received = 0; received < sent;) {
                received += bench.receive(pair.server(), memory);
            }
            assertThat(bench.await(poll)).isEqualTo(Net.POLLOUT);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void pollReportsAHalfCloseEvenIfNotRequested(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            bench.fill(pair.client());
            assertThat(bench.kernel.shutdown(pair.server(), Net.SHUT_WR)).isZero();
            int ready;
            do { // repeated: the acknowledgement of the real kernel may come with the FIN or after it
                bench.fill(pair.client());
                ready = bench.call(sqe -> sqe.prepPoll(pair.client(), Net.POLLOUT));
            } while ((ready & Net.POLLOUT) != 0);
            assertThat(ready).isEqualTo(POLLRDHUP);

            int epoll = bench.kernel.epollCreate(Net.EPOLL_CLOEXEC);
            MemorySegment event = bench.arena.allocate(16, 8);
            event.set(JAVA_INT, 0, Net.POLLOUT);
            assertThat(bench.kernel.epollCtl(epoll, Net.EPOLL_CTL_ADD, pair.client(), event)).isZero();
            long poll;
            do {
                bench.fill(pair.client());
                poll = bench.submit(sqe -> sqe.prepPoll(epoll, Net.POLLIN));
            } while (bench.isComplete(poll));
            bench.reset(pair.server());
            assertThat(bench.await(poll)).isEqualTo(Net.POLLIN);
            bench.kernel.close(epoll);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void closeOfADescriptorEndsNoOperation(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            Pair pair = bench.connect();
            MemorySegment memory = bench.arena.allocate(10, 8);
            long receive = bench.submit(sqe -> sqe.prepRecv(pair.server(), memory.address(), 10, 0));
            bench.close(pair.server());
            assertThat(bench.send(pair.client(), (byte) 7)).isOne();
            assertThat(bench.await(receive)).isOne();
            assertThat(memory.get(JAVA_BYTE, 0)).isEqualTo((byte) 7);
            assertThat(bench.receive(pair.client(), memory)).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void connectWithoutAListenerIsRefused(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int listener = bench.listener();
            MemorySegment address = bench.addressOf(listener);
            bench.close(listener);
            int fd = bench.socket();
            assertThat(bench.call(sqe -> sqe.prepConnect(fd, address.address(), 16))).isEqualTo(-Errno.ECONNREFUSED);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void closeOfAListenerResetsItsBacklog(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int listener = bench.listener();
            MemorySegment address = bench.addressOf(listener);
            int fd = bench.socket();
            assertThat(bench.call(sqe -> sqe.prepConnect(fd, address.address(), 16))).isZero();
            bench.close(listener);
            assertThat(bench.receive(fd, bench.arena.allocate(8, 8))).isEqualTo(-Errno.ECONNRESET);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void cancelOfAnAcceptEndsIt(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int listener = bench.listener();
            long accept = bench.submit(sqe -> sqe.prepAccept(listener, 0, 0, 0));
            assertThat(bench.isComplete(accept)).isFalse();
            assertThat(bench.call(sqe -> sqe.prepCancel(accept))).isZero();
            assertThat(bench.await(accept)).isEqualTo(-Errno.ECANCELED);
        });
    }
}

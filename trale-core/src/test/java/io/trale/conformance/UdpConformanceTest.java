package io.trale.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.linux.Errno;
import io.trale.linux.MessageHeader;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.sim.SimErrno;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// UDP: the simulated kernel behaves like the real one.
@Timeout(60)
class UdpConformanceTest {

    private static final int MAX_BYTES = 65_507;

    private static final int FLAGS = MessageHeader.HEADER + 48;
    private static final int CONTROL = MessageHeader.HEADER + 32;
    private static final int CONTROL_BYTES = MessageHeader.HEADER + 40;

    private static int udp(RingBench bench) {
        return bench.opened(bench.kernel.socket(Net.AF_INET, Net.SOCK_DGRAM | Net.SOCK_CLOEXEC, 0));
    }

    private static int boundUdp(RingBench bench) {
        int fd = udp(bench);
        assertThat(bench.kernel.bind(fd, bench.address(0), 16)).isZero();
        return fd;
    }

    private static int connect(RingBench bench, int fd, int to) {
        MemorySegment address = bench.addressOf(to);
        return bench.call(sqe -> sqe.prepConnect(fd, address.address(), 16));
    }

    /// A header for `data`: with the address of socket `to`, with space for an address if `to` is negative, without if it is 0.
    private static MemorySegment header(RingBench bench, MemorySegment data, int to) {
        MemorySegment header = bench.arena.allocate(256, 8);
        if (to > 0) {
            header.copyFrom(bench.addressOf(to).asSlice(0, 16));
        }
        MessageHeader.fill(header, to > 0 ? 16 : to < 0 ? SocketAddresses.MAX_BYTES : 0, data.address(), data.byteSize());
        return header;
    }

    /// Sends to the address of socket `to`; to the connected peer if `to` is 0.
    private static int send(RingBench bench, int fd, int to, byte... bytes) {
        MemorySegment header = header(bench, bench.arena.allocateFrom(JAVA_BYTE, bytes), to);
        return bench.call(sqe -> sqe.prepSendmsg(fd, header.address() + MessageHeader.HEADER, Net.MSG_NOSIGNAL));
    }

    private static int receive(RingBench bench, int fd, MemorySegment header, int flags) {
        return bench.call(sqe -> sqe.prepRecvmsg(fd, header.address() + MessageHeader.HEADER, flags));
    }

    private static int receive(RingBench bench, int fd, MemorySegment data) {
        return receive(bench, fd, header(bench, data, 0), 0);
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void datagramArrivesWithTheNameOfItsSender(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int client = boundUdp(bench);
            int server = boundUdp(bench);
            MemorySegment data = bench.arena.allocate(10);
            MemorySegment header = header(bench, data, -1);
            long receive = bench.submit(sqe -> sqe.prepRecvmsg(server, header.address() + MessageHeader.HEADER, 0));
            assertThat(bench.isComplete(receive)).isFalse();
            assertThat(send(bench, client, server, (byte) 1, (byte) 2)).isEqualTo(2);
            assertThat(bench.await(receive)).isEqualTo(2);
            assertThat(data.asSlice(0, 3).toArray(JAVA_BYTE)).containsExactly(1, 2, 0);
            assertThat(MessageHeader.nameBytes(header)).isEqualTo(16);
            assertThat(SocketAddresses.decode(header)).isEqualTo(SocketAddresses.decode(bench.addressOf(client)));
            assertThat(header.get(JAVA_INT, FLAGS)).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void truncationIsReported(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int client = udp(bench);
            int server = boundUdp(bench);
            MemorySegment data = bench.arena.allocate(2);
            MemorySegment header = header(bench, data, -1);
            send(bench, client, server, (byte) 1, (byte) 2, (byte) 3);
            send(bench, client, server, (byte) 4, (byte) 5, (byte) 6);
            send(bench, client, server);
            assertThat(receive(bench, server, header, 0)).isEqualTo(2);
            assertThat(header.get(JAVA_INT, FLAGS)).isEqualTo(Net.MSG_TRUNC);
            assertThat(data.toArray(JAVA_BYTE)).containsExactly(1, 2);
            assertThat(receive(bench, server, header(bench, data, 0), Net.MSG_TRUNC)).isEqualTo(3);
            assertThat(data.toArray(JAVA_BYTE)).containsExactly(4, 5);
            assertThat(receive(bench, server, data)).isZero();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void longestDatagramArrivesAndALongerOneIsRefused(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int client = udp(bench);
            int server = boundUdp(bench);
            assertThat(send(bench, client, server, new byte[MAX_BYTES + 1])).isEqualTo(-SimErrno.EMSGSIZE);
            assertThat(send(bench, client, server, new byte[MAX_BYTES])).isEqualTo(MAX_BYTES);
            assertThat(receive(bench, server, bench.arena.allocate(1 << 17))).isEqualTo(MAX_BYTES);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void socketWithoutPeerNeedsAnAddress(KernelUnderTest place) throws Exception {
        place.run(bench -> assertThat(send(bench, udp(bench), 0, (byte) 1)).isEqualTo(-SimErrno.EDESTADDRREQ));
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void connectedSocketReceivesFromItsPeerOnly(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int here = boundUdp(bench);
            int peer = boundUdp(bench);
            int stranger = boundUdp(bench);
            assertThat(connect(bench, here, peer)).isZero();
            assertThat(send(bench, stranger, here, (byte) 1)).isOne();
            assertThat(send(bench, peer, here, (byte) 2, (byte) 2)).isEqualTo(2);
            assertThat(send(bench, here, 0, (byte) 3, (byte) 3, (byte) 3)).isEqualTo(3);
            MemorySegment data = bench.arena.allocate(10);
            assertThat(receive(bench, here, data)).isEqualTo(2);
            assertThat(receive(bench, peer, data)).isEqualTo(3);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void connectedSocketIsRefusedOnce(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int here = boundUdp(bench);
            int peer = boundUdp(bench);
            connect(bench, here, peer);
            bench.close(peer);
            MemorySegment header = header(bench, bench.arena.allocate(10), 0);
            assertThat(send(bench, here, 0, (byte) 1)).isOne();
            assertThat(bench.call(sqe -> sqe.prepPoll(here, Net.POLLIN | Net.POLLOUT)) & Net.POLLERR).isEqualTo(Net.POLLERR);
            assertThat(send(bench, here, 0, (byte) 1)).isEqualTo(-Errno.ECONNREFUSED);
            assertThat(send(bench, here, 0, (byte) 1)).isOne();
            assertThat(receive(bench, here, header, 0)).isEqualTo(-Errno.ECONNREFUSED);
            assertThat(receive(bench, here, header, Net.MSG_DONTWAIT)).isEqualTo(-Errno.EAGAIN);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void unconnectedSocketIsNeverRefused(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int here = boundUdp(bench);
            int closed = boundUdp(bench);
            MemorySegment header = header(bench, bench.memory((byte) 1), closed);
            bench.close(closed);
            for (int i = 0; i < 3; i++) {
                assertThat(bench.call(sqe -> sqe.prepSendmsg(here, header.address() + MessageHeader.HEADER, 0))).isOne();
            }
            assertThat(bench.call(sqe -> sqe.prepPoll(here, Net.POLLIN | Net.POLLOUT))).isEqualTo(Net.POLLOUT);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void droppedDatagramsAreCounted(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int client = udp(bench);
            int server = boundUdp(bench);
            bench.setOption(server, Net.SO_RCVBUF, 4096);
            bench.setOption(server, Net.SO_RXQ_OVFL, 1);
            MemorySegment data = bench.arena.allocate(1000);
            for (int i = 0; i < 100; i++) {
                assertThat(send(bench, client, server, new byte[1000])).isEqualTo(1000);
            }
            int received = 0;
            while (receive(bench, server, header(bench, data, 0), Net.MSG_DONTWAIT) >= 0) {
                received++;
            }
            assertThat(received).isBetween(1, 99);
            send(bench, client, server, (byte) 1);
            MemorySegment header = header(bench, data, 0);
            MemorySegment control = bench.arena.allocate(64, 8);
            header.set(JAVA_LONG, CONTROL, control.address());
            header.set(JAVA_LONG, CONTROL_BYTES, 64);
            assertThat(receive(bench, server, header, 0)).isOne();
            assertThat(header.get(JAVA_LONG, CONTROL_BYTES)).isEqualTo(24);
            assertThat(control.get(JAVA_LONG, 0)).isEqualTo(20);
            assertThat(control.get(JAVA_INT, 8)).isEqualTo(Net.SOL_SOCKET);
            assertThat(control.get(JAVA_INT, 12)).isEqualTo(Net.SO_RXQ_OVFL);
            assertThat(control.get(JAVA_INT, 16)).isEqualTo(100 - received);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void cancelOfAReceiveThatWaitsLosesNoDatagram(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int client = udp(bench);
            int server = boundUdp(bench);
            MemorySegment data = bench.arena.allocate(10);
            MemorySegment header = header(bench, data, 0);
            long receive = bench.submit(sqe -> sqe.prepRecvmsg(server, header.address() + MessageHeader.HEADER, 0));
            assertThat(bench.call(sqe -> sqe.prepCancel(receive))).isZero();
            assertThat(bench.await(receive)).isEqualTo(-Errno.ECANCELED);
            send(bench, client, server, (byte) 7);
            assertThat(receive(bench, server, data)).isOne();
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void portInUseIsRefused(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            MemorySegment taken = bench.addressOf(boundUdp(bench));
            assertThat(bench.kernel.bind(udp(bench), taken, 16)).isEqualTo(-Errno.EADDRINUSE);
        });
    }

    @ParameterizedTest
    @MethodSource("io.trale.conformance.KernelUnderTest#all")
    void shutdownNeedsAPeerAndEndsReceives(KernelUnderTest place) throws Exception {
        place.run(bench -> {
            int here = boundUdp(bench);
            assertThat(bench.kernel.shutdown(here, Net.SHUT_RD)).isEqualTo(-Errno.ENOTCONN);
            int connected = boundUdp(bench);
            connect(bench, connected, here);
            MemorySegment header = header(bench, bench.arena.allocate(10), 0);
            long receive = bench.submit(sqe -> sqe.prepRecvmsg(connected, header.address() + MessageHeader.HEADER, 0));
            assertThat(bench.kernel.shutdown(connected, Net.SHUT_RD)).isZero();
            assertThat(bench.await(receive)).isZero();
        });
    }
}

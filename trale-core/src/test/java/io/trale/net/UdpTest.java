package io.trale.net;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.io.Buffer;
import io.trale.task.Executor;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// UDP on the real kernel: sender, truncation, connected sockets, and datagrams that are kept after a cancelled receive.
@Timeout(60)
class UdpTest {

    private final Buffer out = Buffer.allocate(70_000);
    private final Buffer in = Buffer.allocate(1000);

    @AfterEach
    void noExecutorIsLeft() {
        out.close();
        in.close();
        Executor.current().close();
    }

    private static UdpSocket socket(String host) throws Exception {
        return UdpSocket.bind(new InetSocketAddress(InetAddress.getByName(host), 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void datagramsCarryTheirSender(String host) throws Exception {
        Executor.blockOn(async(() -> {
            UdpSocket one = socket(host);
            UdpSocket two = socket(host);
            for (int i = 0; i < 100; i++) {
                out.segment().set(ValueLayout.JAVA_INT, 0, i);
                assertThat(await(one.sendTo(out, 0, 4 + i, two.localAddress()))).isEqualTo(4 + i);
                assertThat(await(two.receive(in))).isEqualTo(new Datagram(4 + i, 4 + i, one.localAddress()));
                assertThat(in.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(i);
            }
            one.close();
            two.close();
        }));
    }

    @Test
    void sendersAreDistinguished() throws Exception {
        Executor.blockOn(async(() -> {
            UdpSocket here = socket("127.0.0.1");
            List<UdpSocket> peers = List.of(socket("127.0.0.1"), socket("127.0.0.1"));
            for (int i : new int[] {0, 0, 1, 0, 1, 1, 0}) {
                await(here.sendTo(out, 0, 1 + i, peers.get(i).localAddress()));
                assertThat(await(peers.get(i).receive(in))).isEqualTo(new Datagram(1 + i, 1 + i, here.localAddress()));
                await(peers.get(i).sendTo(out, 0, 3, here.localAddress()));
                assertThat(await(here.receive(in))).isEqualTo(new Datagram(3, 3, peers.get(i).localAddress()));
            }
            here.close();
            peers.forEach(UdpSocket::close);
        }));
    }

    @Test
    void truncationIsReported() throws Exception {
        Executor.blockOn(async(() -> {
            UdpSocket one = socket("127.0.0.1");
            UdpSocket two = socket("127.0.0.1");
            await(one.sendTo(out, 0, 1001, two.localAddress()));
            Datagram datagram = await(two.receive(in));
            assertThat(datagram.isTruncated()).isTrue();
            assertThat(datagram.length()).isEqualTo(1000);
            assertThat(datagram.size()).isEqualTo(1001);
            await(one.sendTo(out, 0, 0, two.localAddress()));
            assertThat(await(two.receive(in))).isEqualTo(new Datagram(0, 0, one.localAddress()));
            one.close();
            two.close();
        }));
    }

    @Test
    void connectedSocketsNeedNoAddressAndAreRefused() throws Exception {
        Executor.blockOn(async(() -> {
            UdpSocket one = socket("127.0.0.1");
            UdpSocket two = socket("127.0.0.1");
            assertThatThrownBy(() -> await(one.send(out, 0, 1))).hasMessageContaining("EDESTADDRREQ");
            await(one.connect(two.localAddress()));
            assertThat(await(one.send(out, 0, 7))).isEqualTo(7);
            assertThat(await(two.receive(in)).length()).isEqualTo(7);
            two.close();
            await(one.send(out, 0, 1));
            assertThatThrownBy(() -> await(one.receive(in))).hasMessageContaining("ECONNREFUSED");
            one.close();
        }));
    }

    @Test
    void aDatagramThatIsTooLongIsAnErrorAndTheNextIsSent() throws Exception {
        Executor.blockOn(async(() -> {
            UdpSocket one = socket("127.0.0.1");
            UdpSocket two = socket("127.0.0.1");
            assertThatThrownBy(() -> await(one.sendTo(out, 0, 70_000, two.localAddress()))).hasMessageContaining("EMSGSIZE");
            await(one.sendTo(out, 0, 3, two.localAddress()));
            assertThat(await(two.receive(in)).length()).isEqualTo(3);
            one.close();
            two.close();
        }));
    }

    @Test
    void aDatagramOfACancelledReceiveGoesToTheNext() throws Exception {
        Executor.blockOn(async(() -> {
            UdpSocket one = socket("127.0.0.1");
            UdpSocket two = socket("127.0.0.1");
            for (int i = 1; i < 200; i++) {
                boolean[] woken = {false};
                var receive = two.receive(in);
                assertThat(receive.poll(() -> woken[0] = true)).isFalse();
                await(one.sendTo(out, 0, i, two.localAddress()));
                while (i % 2 == 0 && !woken[0]) {
                    await(yieldNow()); // received, but not polled
                }
                receive.cancel();
                assertThat(await(two.receive(in))).isEqualTo(new Datagram(i, i, one.localAddress()));
            }
            one.close();
            two.close();
        }));
    }

    @Test
    void closingEndsTheReceive() throws Exception {
        Executor.blockOn(async(() -> {
            UdpSocket socket = socket("127.0.0.1");
            var waiting = Executor.spawn(socket.receive(in));
            await(yieldNow());
            socket.close();
            assertThatThrownBy(() -> await(waiting)).hasMessageContaining("ECANCELED");
            in.segment().fill((byte) 0); // the buffer is owned by us again
        }));
    }
}

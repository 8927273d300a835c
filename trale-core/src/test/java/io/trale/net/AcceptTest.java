package io.trale.net;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.leaf.AcceptBackoff;
import io.trale.leaf.AcceptBackoff.Verdict;
import io.trale.linux.Errno;
import io.trale.reactor.Reactor;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.task.Executor;
import io.trale.task.ExecutorOptions;
import io.trale.task.JoinHandle;
import io.trale.testing.DescriptorLimit;
import io.trale.testing.InterceptedKernel;
import io.trale.testing.Script;
import io.trale.testing.Seeds;
import io.trale.testing.StreamPair;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Listeners survive failures of single connections and a lack of descriptors: on the real kernel, and on the simulated one in
/// virtual time.
@Timeout(60)
class AcceptTest {

    private static final long MILLIS = 1_000_000;

    /// Waits until an accept has failed and waits for its retry.
    private static void untilOneWaits() throws Exception {
        while (Reactor.current().deadlines().size() == 0) {
            await(yieldNow());
        }
    }

    // ---- real

    @Test
    void acceptWithoutAFreeDescriptorWaitsForOne() throws Exception {
        Executor.blockOn(async(() -> {
            try (TcpListener listener = TcpListener.bind(StreamPair.LOOPBACK)) {
                for (boolean limited : new boolean[] {false, true}) { // once without, to load the classes
                    await(yieldNow());
                    try (TcpStream client = await(TcpStream.connect(listener.localAddress()));
                            DescriptorLimit limit = limited ? new DescriptorLimit() : null) {
                        JoinHandle<TcpStream> accept = Executor.spawn(listener.accept());
                        if (limit != null) {
                            untilOneWaits();
                            limit.leaveOne();
                        }
                        try (TcpStream server = await(accept)) {
                            assertThat(server.remoteAddress()).isEqualTo(client.localAddress());
                        }
                    }
                }
            }
        }));
        Executor.current().close();
    }

    @Test
    void aClosedListenerHandsOutNoConnection() throws Exception {
        Executor.blockOn(async(() -> {
            TcpListener listener = TcpListener.bind(StreamPair.LOOPBACK);
            boolean[] woken = {false};
            Future<TcpStream> first = listener.accept();
            assertThat(first.poll(() -> woken[0] = true)).isFalse();
            try (TcpStream client = await(TcpStream.connect(listener.localAddress()))) {
                while (!woken[0]) {
                    await(yieldNow());
                }
                first.cancel(); // its connection goes to the next accept
                listener.close();
                assertThatThrownBy(() -> await(listener.accept())).hasMessageContaining("ECANCELED");
                assertThat(client.remoteAddress()).isEqualTo(listener.localAddress());
            }
        }));
        Executor.current().close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bindThatCannotNameItsSocketClosesIt(boolean tcp) {
        List<Integer> open = new ArrayList<>();
        Executor executor = Executor.open(new InterceptedKernel() {
            @Override
            public int socket(int domain, int type, int protocol) {
                int fd = super.socket(domain, type, protocol);
                open.add(fd);
                return fd;
            }

            @Override
            public int getsockname(int fd, MemorySegment address, MemorySegment addressBytes) {
                return -Errno.ENOBUFS;
            }

            @Override
            public int close(int fd) {
                open.remove((Integer) fd);
                return super.close(fd);
            }
        }, ExecutorOptions.defaults());
        try {
            assertThatThrownBy(() -> {
                if (tcp) {
                    TcpListener.bind(StreamPair.LOOPBACK);
                } else {
                    UdpSocket.bind(StreamPair.LOOPBACK);
                }
            }).hasMessageContaining("ENOBUFS");
            assertThat(open).isEmpty();
        } finally {
            executor.close();
        }
    }

    // ---- simulated

    private interface Step {
        /// The next future to await.
        Future<?> begin() throws Exception;
    }

    /// Runs `steps` one after the other; each begins when the future of the previous one is complete.
    private static void run(SimKernel kernel, List<Step> steps) throws Exception {
        Iterator<Step> rest = steps.iterator();
        Seeds.run(kernel.strict(), ExecutorOptions.defaults(), new Script() {
            @Override
            protected Future<?> next(Future<?> last) throws Exception {
                return rest.hasNext() ? rest.next().begin() : null;
            }
        });
    }

    /// Complete when an accept has failed and waits for its retry.
    private static final class OneWaits implements Future<Void> {
        @Override
        public boolean poll(Waker waker) {
            waker.wake();
            return Reactor.current().deadlines().size() > 0;
        }

        @Override
        public Void result() {
            return null;
        }
    }

    private TcpListener listener;
    private final List<JoinHandle<TcpStream>> accepts = new ArrayList<>();
    private long start;
    private long submitted;

    private void listen(int acceptCount) throws IOException {
        listener = TcpListener.bind(StreamPair.LOOPBACK);
        for (int i = 0; i < acceptCount; i++) {
            accepts.add(Executor.spawn(listener.accept()));
        }
    }

    private Future<?> leaveNoDescriptor(SimKernel kernel) {
        kernel.maxDescriptors(kernel.openDescriptors());
        return new OneWaits();
    }

    private Future<?> end() {
        listener.close();
        return yieldNow();
    }

    @Test
    void acceptIsRetriedTenTimesASecondWithoutADescriptor() throws Exception {
        SimKernel kernel = new SimKernel(1);
        run(kernel, List.of(() -> {
            listen(3);
            accepts.forEach(accept -> kernel.connectTo(listener.localAddress()));
            return leaveNoDescriptor(kernel);
        }, () -> {
            kernel.after(950 * MILLIS, () -> kernel.maxDescriptors(100));
            start = kernel.nanoTime();
            submitted = Executor.current().stats().submitted();
            return accepts.get(0);
        }, () -> accepts.get(1), () -> accepts.get(2), () -> {
            assertThat(kernel.nanoTime() - start).isBetween(950 * MILLIS, 1050 * MILLIS);
            assertThat(Executor.current().stats().submitted() - submitted).as("10 rounds of 3, and the timer each time")
                    .isLessThanOrEqualTo(10 * 4);
            assertThat(Executor.current().stats().acceptPauses()).as("one for all three each time").isEqualTo(10);
            for (JoinHandle<TcpStream> accept : accepts) {
                accept.result().close();
            }
            return end();
        }));
    }

    @Test
    void cancelledAcceptLeavesTheConnectionToTheOthers() throws Exception {
        SimKernel kernel = new SimKernel(2);
        run(kernel, List.of(() -> {
            listen(2);
            kernel.connectTo(listener.localAddress());
            return leaveNoDescriptor(kernel);
        }, () -> {
            accepts.get(0).abort();
            kernel.maxDescriptors(100);
            return accepts.get(1);
        }, () -> {
            accepts.get(1).result().close();
            return end();
        }));
    }

    @Test
    void closeEndsAnAcceptThatWaitsForADescriptor() throws Exception {
        SimKernel kernel = new SimKernel(3);
        run(kernel, List.of(() -> {
            listen(1);
            return leaveNoDescriptor(kernel);
        }, () -> {
            listener.close();
            return accepts.get(0);
        }, () -> {
            assertThatThrownBy(accepts.get(0)::result).hasMessageContaining("accept(").hasMessageContaining("ECANCELED");
            assertThat(Reactor.current().deadlines().size()).isZero();
            return yieldNow();
        }));
    }

    /// Half of the accepts fail for want of a descriptor or memory, and every fifth connection fails in the backlog.
    @Test
    void everyHealthyConnectionIsAccepted() throws Exception {
        for (int seed = 1; seed <= 20; seed++) {
            SimKernel kernel = new SimKernel(seed);
            List<Step> steps = new ArrayList<>();
            accepts.clear();
            steps.add(() -> {
                listen(20);
                kernel.faults(Faults.NONE.with(Fault.LATE).with(Fault.EXHAUSTION, 0.5).with(Fault.BREAKAGE, 0.2)
                        .with(Fault.HICCUP, 0.2));
                for (int i = 0; i < 60; i++) {
                    kernel.connectTo(listener.localAddress());
                }
                return yieldNow();
            });
            for (int i = 0; i < 20; i++) {
                int number = i;
                steps.add(() -> accepts.get(number));
                steps.add(() -> {
                    accepts.get(number).result().close();
                    return yieldNow();
                });
            }
            steps.add(() -> {
                kernel.faults(Faults.NONE);
                return end();
            });
            run(kernel, steps);
        }
    }

    // ---- classes of errors

    @ParameterizedTest
    @ValueSource(ints = {Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM, 200})
    void lackOfResourcesAndUnknownErrorsCauseAPause(int errno) {
        assertThat(AcceptBackoff.of(errno)).isEqualTo(Verdict.LATER);
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.ECONNABORTED, Errno.EPROTO, Errno.EPERM, Errno.ENETDOWN, Errno.EHOSTUNREACH, Errno.EINTR})
    void errorsOfOneConnectionAreSkipped(int errno) {
        assertThat(AcceptBackoff.of(errno)).isEqualTo(Verdict.AT_ONCE);
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EBADF, Errno.EINVAL, Errno.ENOTSOCK, Errno.ECANCELED})
    void errorsOfTheListenerAreFinal(int errno) {
        assertThat(AcceptBackoff.of(errno)).isEqualTo(Verdict.NEVER);
    }
}

package io.trale.task;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.ErrnoException;
import io.trale.io.Buffer;
import io.trale.linux.Errno;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.sim.Fault;
import io.trale.sim.Faults;
import io.trale.sim.SimKernel;
import io.trale.testing.ConnectionScripts;
import io.trale.testing.Seeds;
import io.trale.testing.SettableFuture;
import io.trale.time.Timer;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Async blocks under random schedules. They run on the loop thread, or in strict alternation with it, so they are
/// deterministic.
@Timeout(120)
class AsyncScheduleTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static void run(String name, Seeds.Scenario scenario) {
        Seeds.run("trale-core", "AsyncScheduleTest#" + name, Seeds.CORE_SHARE, scenario);
    }

    /// The open resources of blocks. Each block closes its resources in a `finally`.
    private static final class Ledger {
        private int open;
        /// The resources of blocks that have not begun; such a block may never close them.
        private final Set<TcpStream> waiting = new LinkedHashSet<>();

        <T> T opened(T resource) {
            open++;
            return resource;
        }

        void close(AutoCloseable resource) throws Exception {
            open--;
            resource.close();
        }
    }

    private static void echo(Ledger ledger, TcpStream stream, SplittableRandom random) throws Exception {
        ledger.waiting.remove(ledger.opened(stream));
        Buffer buffer = ledger.opened(Buffer.allocate(1 + random.nextInt(100)));
        try {
            int count;
            while ((count = await(stream.read(buffer))) > 0) {
                await(stream.writeAll(buffer, 0, count));
                if (random.nextInt(4) == 0) {
                    await(Async.yieldNow());
                }
            }
        } catch (ErrnoException e) {
            assertThat(e.errno()).isIn(Errno.ECONNRESET, Errno.EPIPE); // the client has closed the connection
        } finally {
            try {
                await(Timer.sleep(Duration.ofNanos(random.nextInt(10_000)))); // unwinding may take time
            } finally { // a cancel may end the sleep, unless it has caused the unwinding
                ledger.close(buffer);
                ledger.close(stream);
            }
        }
    }

    private static byte[] talk(Ledger ledger, InetSocketAddress address, byte[] bytes, SplittableRandom random)
            throws Exception {
        TcpStream stream = ledger.opened(await(TcpStream.connect(address)));
        Buffer out = ledger.opened(Buffer.allocate(1 + random.nextInt(100)));
        Buffer in = ledger.opened(Buffer.allocate(1 + random.nextInt(100)));
        try {
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            await(Async.join(
                    async(() -> {
                        for (int done = 0; done < bytes.length;) {
                            int count = Math.min(out.capacity(), bytes.length - done);
                            MemorySegment.copy(bytes, done, out.segment(), JAVA_BYTE, 0, count);
                            done += await(stream.write(out, 0, count));
                        }
                        stream.shutdownOutput();
                    }),
                    async(() -> {
                        int count;
                        while ((count = await(stream.read(in))) > 0) {
                            received.writeBytes(in.segment().asSlice(0, count).toArray(JAVA_BYTE));
                        }
                    })));
            return received.toByteArray();
        } finally {
            ledger.close(in);
            ledger.close(out);
            ledger.close(stream);
        }
    }

    private static JoinHandle<Void> serve(Ledger ledger, TcpListener listener, SplittableRandom random) {
        Executor.current().onClose(() -> ledger.waiting.forEach(TcpStream::close));
        return Executor.current().submit(async(() -> {
            while (true) {
                TcpStream stream = await(listener.accept());
                ledger.waiting.add(stream);
                Executor.spawn(async(() -> echo(ledger, stream, random)));
            }
        }));
    }

    private static long echoEverything(long seed) throws Exception {
        SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP));
        SplittableRandom random = kernel.random();
        Ledger ledger = new Ledger();
        Seeds.run(kernel, Seeds.options(kernel), executor -> {
            TcpListener listener = TcpListener.bind(ANY);
            JoinHandle<Void> server = serve(ledger, listener, random);
            List<byte[]> sent = new ArrayList<>();
            List<JoinHandle<byte[]>> clients = new ArrayList<>();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                byte[] bytes = ConnectionScripts.pattern(random, random.nextInt(500));
                sent.add(bytes);
                clients.add(executor.submit(async(() -> talk(ledger, listener.localAddress(), bytes, random))));
            }
            for (int i = 0; i < clients.size(); i++) {
                assertThat(clients.get(i).join()).isEqualTo(sent.get(i));
            }
            server.abort();
            listener.close();
        });
        assertThat(ledger.open).isZero();
        return kernel.hash();
    }

    @Test
    void blocksEchoEverything() {
        run("blocksEchoEverything", AsyncScheduleTest::echoEverything);
    }

    @Test
    void sameSeedIsTheSameRunOfBlocksToo() throws Exception {
        for (long seed = 0; seed < 10; seed++) {
            assertThat(echoEverything(seed)).isEqualTo(echoEverything(seed));
        }
    }

    @Test
    void cancelledBlocksUnwind() {
        run("cancelledBlocksUnwind", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP));
            SplittableRandom random = kernel.random();
            Ledger ledger = new Ledger();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                TcpListener listener = TcpListener.bind(ANY);
                JoinHandle<Void> server = serve(ledger, listener, random);
                List<JoinHandle<Void>> clients = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    byte[] bytes = ConnectionScripts.pattern(random, 500);
                    Duration patience = Duration.ofNanos(1 + random.nextInt(5_000_000));
                    JoinHandle<Void> client = executor.submit(async(() -> {
                        try {
                            await(Async.timeout(async(() -> talk(ledger, listener.localAddress(), bytes, random)), patience));
                        } catch (TimeoutException e) {
                            // on purpose
                        }
                    }));
                    clients.add(client);
                    if (random.nextBoolean()) {
                        kernel.foreignAfter(random.nextLong(2_000_000), client::abort);
                    }
                }
                for (JoinHandle<Void> client : clients) {
                    try {
                        client.join();
                    } catch (CancellationException e) {
                        // on purpose
                    }
                }
                server.abort();
                listener.close();
                if (random.nextBoolean()) {
                    executor.runToEnd(); // else the close unwinds the blocks
                }
            });
            assertThat(ledger.open).isZero();
        });
    }

    @Test
    void closeAtAnyMomentUnwindsAllBlocks() {
        run("closeAtAnyMomentUnwindsAllBlocks", seed -> {
            SimKernel kernel = Seeds.kernel(seed, Faults.HARMLESS.with(Fault.HICCUP));
            SplittableRandom random = kernel.random();
            Ledger ledger = new Ledger();
            Seeds.run(kernel, Seeds.options(kernel), executor -> {
                TcpListener listener = TcpListener.bind(ANY);
                serve(ledger, listener, random);
                for (int i = 0; i < 4; i++) {
                    byte[] bytes = ConnectionScripts.pattern(random, 500);
                    executor.submit(async(() -> talk(ledger, listener.localAddress(), bytes, random)));
                }
                kernel.foreignAfter(random.nextLong(2_000_000), () -> executor.execute(() -> {
                    listener.close();
                    executor.close();
                }));
                try {
                    executor.submit(new SettableFuture()).join();
                } catch (CancellationException e) {
                    // closed
                }
            });
            assertThat(ledger.open).isZero();
        });
    }
}

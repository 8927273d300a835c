package io.trale.doctor;

import io.trale.future.ErrnoException;
import io.trale.linux.Kernel;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Deadline;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Failure;
import io.trale.reactor.Limits;
import io.trale.reactor.Reactor;
import io.trale.leaf.Sockets;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/// Probes of a loop on its ring: wake-ups, timers, receive buffers.
final class LoopProbes {

    /// The longest time to wait for a completion.
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Kernel kernel;
    private final Reactor reactor;

    private LoopProbes(Kernel kernel) {
        this.kernel = kernel;
        reactor = new Reactor(kernel, Limits.DEFAULT);
    }

    static void run(Notes notes, Kernel kernel) {
        RingProbes.descriptors(notes, kernel);
        LoopProbes loop = new LoopProbes(kernel);
        try {
            loop.reactor.open(); // also tests a wake-up
        } catch (ErrnoException | RuntimeException e) {
            if (RingProbes.alone(notes, kernel)) {
                notes.add(Finding.missing("loop", Notes.message(e), e instanceof ErrnoException ? ""
                        : "the seccomp filter must also allow io_uring_enter and io_uring_register"));
            }
            return;
        }
        RingProbes.ring(notes, kernel, loop.reactor.ring());
        notes.add(loop.wakeUp());
        notes.need("timers", loop::timers);
        notes.need("receive buffers", loop::receiveBuffers);
        loop.close();
    }

    private Finding wakeUp() {
        return reactor.wakesByMultishot() ? Finding.used("wake-up", "one multishot poll for all wake-ups")
                : Finding.fallback("wake-up", "a new operation for each wake-up", "Linux 5.13 or newer");
    }

    private Finding timers() throws TimeoutException {
        boolean[] reached = new boolean[1];
        reactor.deadlines().set(new Deadline() {
            @Override
            protected void reached() {
                reached[0] = true;
            }
        }, kernel.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1));
        await(() -> reached[0]);
        return Finding.used("timers", "one timerfd for all deadlines");
    }

    private Finding receiveBuffers() throws Exception {
        String name = "receive buffers";
        BufferGroup group = reactor.pools().receiveGroup();
        String tried = receive(group);
        String size = group.count() + " x " + group.bufferBytes() / 1024 + " KiB";
        return group.isRing() ? Finding.used(name, size + ", passed to the kernel through a ring; " + tried)
                : Finding.fallback(name, size + ", each passed to the kernel by an operation; " + tried,
                        "Linux 5.19 or newer, with io_uring_register allowed");
    }

    private String receive(BufferGroup group) throws Exception {
        Descriptor socket;
        try {
            socket = Sockets.open(reactor, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Net.SOCK_DGRAM);
        } catch (ErrnoException e) {
            return "not tested: " + e.getMessage();
        }
        try {
            sendToItself(socket);
        } catch (ErrnoException e) {
            socket.close();
            return "not tested: " + e.getMessage();
        }
        Attempt receive = new Attempt(socket, sqe -> sqe.prepRecvSelect(socket.fd(), group.id(), 0));
        group.stage(receive);
        await(() -> !receive.inFlight());
        socket.close();
        Failure.check("recv", receive.result());
        group.take(receive.flags());
        group.give(receive.flags());
        return "a datagram was received";
    }

    /// Sends a datagram from `socket` to itself over loopback. Fails if the network namespace has no loopback.
    private void sendToItself(Descriptor socket) throws ErrnoException, TimeoutException {
        Failure.check("bind", Sockets.bind(socket, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        MemorySegment memory = reactor.pools().scratch().take();
        int bytes = SocketAddresses.encode(Sockets.localAddress(socket), memory);
        attempt("connect", new Attempt(socket, sqe -> sqe.prepConnect(socket.fd(), memory.address(), bytes)));
        attempt("send", new Attempt(socket, sqe -> sqe.prepSend(socket.fd(), memory.address(), 1, Net.MSG_NOSIGNAL)));
        reactor.pools().scratch().give(memory);
    }

    private void attempt(String name, Attempt attempt) throws ErrnoException, TimeoutException {
        reactor.stage(attempt);
        await(() -> !attempt.inFlight());
        Failure.check(name, attempt.result());
    }

    private void await(BooleanSupplier condition) throws TimeoutException {
        long end = kernel.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            long left = end - kernel.nanoTime();
            if (left <= 0) {
                throw new TimeoutException("no completion within " + PATIENCE_NANOS / 1_000_000_000 + " s");
            }
            reactor.turn(left);
        }
    }

    private void close() {
        reactor.cancelAll();
        try {
            await(() -> !reactor.busy());
        } catch (TimeoutException e) {
            // close(0) then keeps the memory that the kernel may still use
        }
        reactor.close(0);
    }
}

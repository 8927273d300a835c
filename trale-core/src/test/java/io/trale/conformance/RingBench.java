package io.trale.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.future.ErrnoException;
import io.trale.linux.Kernel;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.uring.CompletionQueue;
import io.trale.uring.Ring;
import io.trale.uring.Sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// A ring on any kernel; submits single operations and keeps their completions.
final class RingBench implements AutoCloseable {

    final Kernel kernel;
    final Arena arena = Arena.ofConfined();
    final Ring ring;
    private final List<Integer> open = new ArrayList<>();
    private final Map<Long, List<Long>> completions = new HashMap<>();
    private long operations;

    /// The two descriptors of a connection.
    record Pair(int client, int server) {}

    RingBench(Kernel kernel, int sqEntries, int cqEntries) throws ErrnoException {
        this.kernel = kernel;
        ring = Ring.open(kernel, arena, sqEntries, cqEntries);
    }

    // ---- operations

    /// Submits an operation; returns its `user_data`.
    long submit(Consumer<Sqe> prepare) {
        long userData = ++operations;
        Sqe sqe = ring.submissions.next();
        prepare.accept(sqe);
        sqe.userData(userData);
        enter(0);
        return userData;
    }

    /// Waits for a completion of `operation`; returns its result.
    int await(long operation) {
        while (!isComplete(operation)) {
            enter(1);
        }
        return CompletionQueue.result(completions.get(operation).getFirst());
    }

    /// As [#await], but removes the completion, and returns its flags.
    int awaitFlags(long operation) {
        await(operation);
        return CompletionQueue.flags(completions.get(operation).removeFirst());
    }

    int call(Consumer<Sqe> prepare) {
        return await(submit(prepare));
    }

    /// True if there is a completion of `operation`.
    boolean isComplete(long operation) {
        return !completions.getOrDefault(operation, List.of()).isEmpty();
    }

    void enter(int minComplete) {
        ring.enter(minComplete, Long.MAX_VALUE);
        long[] batch = new long[2];
        while (ring.completions.drain(batch) > 0) {
            completions.computeIfAbsent(batch[0], none -> new ArrayList<>()).add(batch[1]);
        }
    }

    // ---- sockets

    int socket() {
        return opened(kernel.socket(Net.AF_INET, Net.SOCK_STREAM | Net.SOCK_CLOEXEC, 0));
    }

    /// Registers `fd` to be closed at the end.
    int opened(int fd) {
        if (fd >= 0) {
            open.add(fd);
        }
        return fd;
    }

    void close(int fd) {
        open.remove((Integer) fd);
        kernel.close(fd);
    }

    /// A listening socket; see [#addressOf] for its address.
    int listener() {
        int fd = socket();
        MemorySegment address = address(0);
        kernel.bind(fd, address, 16);
        kernel.listen(fd, 16);
        return fd;
    }

    MemorySegment address(int port) {
        MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8);
        SocketAddresses.encode(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), memory);
        return memory;
    }

    MemorySegment addressOf(int fd) {
        MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8);
        kernel.getsockname(fd, memory, arena.allocateFrom(JAVA_INT, SocketAddresses.MAX_BYTES));
        return memory;
    }

    Pair connect() {
        int listener = listener();
        int client = socket();
        setOption(client, Net.SO_RCVBUF, 4096);
        setOption(client, Net.SO_SNDBUF, 4096);
        MemorySegment address = addressOf(listener);
        long connect = submit(sqe -> sqe.prepConnect(client, address.address(), 16));
        int server = call(sqe -> sqe.prepAccept(listener, 0, 0, Net.SOCK_CLOEXEC));
        opened(server);
        if (await(connect) != 0) {
            throw new AssertionError("not connected: " + await(connect));
        }
        close(listener);
        return new Pair(client, server);
    }

    void setOption(int fd, int name, int value) {
        kernel.setsockopt(fd, Net.SOL_SOCKET, name, arena.allocateFrom(JAVA_INT, value), 4);
    }

    /// Closes `fd` with a reset.
    void reset(int fd) {
        MemorySegment linger = arena.allocate(8, 4);
        linger.set(JAVA_INT, 0, 1);
        kernel.setsockopt(fd, Net.SOL_SOCKET, Net.SO_LINGER, linger, 8);
        close(fd);
    }

    MemorySegment memory(byte... bytes) {
        return arena.allocateFrom(JAVA_BYTE, bytes);
    }

    int send(int fd, byte... bytes) {
        MemorySegment memory = memory(bytes);
        return call(sqe -> sqe.prepSend(fd, memory.address(), bytes.length, Net.MSG_NOSIGNAL));
    }

    /// Sends until the send buffer stays full; returns the number of bytes.
    long fill(int fd) {
        MemorySegment memory = arena.allocate(1 << 16, 8);
        long total = 0;
        while (true) {
            int count = call(sqe -> sqe.prepSend(fd, memory.address(), 1 << 16, Net.MSG_NOSIGNAL | Net.MSG_DONTWAIT));
            if (count >= 0) {
                total += count;
            } else {
                long poll = submit(sqe -> sqe.prepPoll(fd, Net.POLLOUT));
                call(sqe -> sqe.prepCancel(poll));
                int ready = await(poll);
                if (ready < 0 || (ready & Net.POLLOUT) == 0) {
                    return total;
                }
            }
        }
    }

    int receive(int fd, MemorySegment into) {
        return call(sqe -> sqe.prepRecv(fd, into.address(), (int) into.byteSize(), 0));
    }

    @Override
    public void close() {
        List.copyOf(open).forEach(this::close);
        ring.close();
        arena.close();
    }
}

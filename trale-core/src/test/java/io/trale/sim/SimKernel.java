package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.linux.Time;
import io.trale.reactor.CurrentReactor;
import io.trale.reactor.Reactor;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.logging.Level;
import java.util.logging.Logger;

/// The simulated kernel: system calls and descriptors.
///
/// It belongs to the thread that creates it, which must be the loop thread. Other threads may call only [#write8] and
/// [#munmap], from a step that was passed to [#foreign]. Misuse ends the run with an [AssertionError] that names the seed. The
/// code under test may catch that error, so [#assertQuiescent] throws it again.
public final class SimKernel extends SimWorld implements Kernel {

    private static final int MAX_CALLS = 1_000_000;
    private static final int FIRST_DESCRIPTOR = 1000; // the real kernel refuses such a number, should it reach it by mistake

    /// Listeners log that no descriptor is left, which is a frequent fault here. Referenced, since a logger that is collected
    /// loses its level.
    private static final Logger QUIET = Logger.getLogger("io.trale.net");

    static {
        QUIET.setLevel(Level.OFF);
    }

    private final Thread thread = Thread.currentThread();
    private final Kernel memory = new Libc();
    private final TreeMap<Integer, SimFile> descriptors = new TreeMap<>();
    private final SimRings rings = new SimRings(this);

    final SimNet net = new SimNet();
    final SimDisk disk = new SimDisk(this);
    final ShadowMemory shadow = new ShadowMemory(this);

    private int maxDescriptors = 100_000;
    private int zeroDescriptor = -1;
    private int installed;
    private int maxOverflow = Integer.MAX_VALUE;
    private long calls;
    private long callOfStep;
    private Runnable stepInCall;
    private Runnable inEachCall = () -> { };

    /// Creates a kernel whose random choices follow from `seed`. It has no faults until [#faults] adds some.
    public SimKernel(long seed) {
        super(seed);
    }

    /// Sets how many descriptors may be open.
    public SimKernel maxDescriptors(int count) {
        maxDescriptors = count;
        return this;
    }

    /// Gives number 0 to the descriptor that is the `count`-th to be opened, counted from 0.
    public SimKernel zeroDescriptor(int count) {
        zeroDescriptor = count;
        return this;
    }

    /// Sets how many completions the overflow list of each ring holds; more are dropped.
    public SimKernel maxOverflow(int count) {
        maxOverflow = count;
        return this;
    }

    int maxOverflow() {
        return maxOverflow;
    }

    /// Throws if a failure was caught by the code under test, or if a descriptor is open, an operation in flight, memory
    /// mapped or owned by the kernel, or a foreign step not taken.
    public void assertQuiescent() {
        throwFailure();
        if (!descriptors.isEmpty()) {
            throw failed("still open: " + descriptors);
        }
        rings.assertIdle();
        if (!foreign.isEmpty()) {
            throw failed("foreign steps are left");
        }
        shadow.assertQuiescent();
    }

    /// How many descriptors were opened so far.
    public int installedDescriptors() {
        return installed;
    }

    /// How many descriptors are open.
    public int openDescriptors() {
        return descriptors.size();
    }

    /// How many calls were made.
    public long calls() {
        return calls;
    }

    // ---- outside of the program

    /// Advances the clock by `nanos`, as if the program computed for so long.
    public void elapse(long nanos) {
        time.elapse(nanos);
        rings.interrupt();
    }

    /// Connects a peer outside of the program to `address`.
    public SimPeer connectTo(InetSocketAddress address) {
        return SimPeer.connect(this, address);
    }

    /// Listens on `port` outside of the program, and passes each connection to `acceptor`.
    public void listenOn(int port, Consumer<SimPeer> acceptor) {
        SimTcp listening = new SimTcp(this);
        listening.bind(new InetSocketAddress("127.0.0.1", port));
        listening.listen(1 << 20, socket -> acceptor.accept(new SimPeer(this, socket)));
    }

    /// Sets the content of the file at `path`; creates the file if it does not exist.
    public void write(String path, byte[] bytes) {
        disk.write(path, bytes);
    }

    /// The content of the file at `path`.
    public byte[] bytes(String path) {
        return disk.bytes(path);
    }

    /// Creates a named pipe at `path`; the result is its other end.
    public SimPipe pipe(String path) {
        return disk.pipe(path);
    }

    /// Runs `step` on the foreign thread, during the `count`-th call from now.
    public void foreignInCall(long count, Runnable step) {
        callOfStep = calls + count;
        stepInCall = step;
    }

    /// Checks from now on that operations of `reactor`, which is not open yet, name only memory that the kernel owns.
    public void checkMemoryOf(Reactor reactor) {
        shadow.listenTo(reactor);
    }

    /// Runs `check` at the beginning of each call from now on.
    public void inEachCall(Runnable check) {
        inEachCall = check;
    }

    // ---- calls

    /// Every call begins here. Foreign threads and events may run first.
    private void enterCall(String name, long a, long b) {
        checkNotFailed();
        if (!isLoop()) {
            throw failed(name + " is called on " + Thread.currentThread());
        }
        if (++calls > MAX_CALLS) {
            throw failed("more than " + MAX_CALLS + " calls");
        }
        trace(name, a, b, 0);
        inEachCall.run();
        if (calls == callOfStep) {
            foreign.take(stepInCall);
        }
        foreign.proceedMaybe();
        scribbleMaybe();
        rings.interrupt();
    }

    /// True on the loop thread, and on the thread of an async block while the loop runs it.
    private boolean isLoop() {
        return Thread.currentThread() == thread
                || CurrentReactor.block() != null && Reactor.current().kernel() == this && Reactor.current().onLoop();
    }

    // ---- descriptors

    SimFile file(int fd) {
        return descriptors.get(fd);
    }

    private int badFile(int fd, int otherwise) {
        return file(fd) == null ? -Errno.EBADF : -otherwise;
    }

    int descriptorsLeft() {
        return maxDescriptors - descriptors.size();
    }

    /// Gives `file` the lowest free number, which most likely was closed last.
    int install(SimFile file) {
        if (descriptorsLeft() == 0) {
            return -Errno.EMFILE;
        }
        int fd = installed++ == zeroDescriptor ? 0 : FIRST_DESCRIPTOR;
        while (descriptors.containsKey(fd)) {
            fd++;
        }
        descriptors.put(fd, file);
        file.hold();
        return fd;
    }

    void scribbleMaybe() {
        if (dice.fault(Fault.SCRIBBLE)) {
            shadow.scribble();
        }
    }

    @Override
    public int close(int fd) {
        enterCall("close", fd, 0);
        if (file(fd) != null && file(fd).lingers()) {
            throw failed("close of " + fd + " blocks: SO_LINGER is set");
        }
        return closeDescriptor(fd);
    }

    int closeDescriptor(int fd) {
        SimFile file = descriptors.remove(fd);
        if (file == null) {
            throw failed("close of " + fd + ", which is not open");
        }
        rings.closed(file);
        file.drop();
        return 0;
    }

    @Override
    public int eventfd(int initialValue, int flags) {
        enterCall("eventfd", initialValue, flags);
        return install(new SimEventfd(this, initialValue, flags));
    }

    @Override
    public int write8(int fd, long value) {
        if (!foreign.isRunning()) {
            enterCall("write8", fd, value);
            return add(fd, value);
        }
        SimFile before = file(fd);
        foreign.pauseMaybe();
        if (isStrict() && (before == null || file(fd) != before)) {
            throw failed("write8 to " + fd + ": " + before + " when the call began, " + file(fd) + " now");
        }
        int result = add(fd, value);
        foreign.pauseMaybe();
        return result;
    }

    private int add(int fd, long value) {
        trace("write", fd, value, 0);
        return file(fd) instanceof SimEventfd eventfd ? eventfd.add(value) : badFile(fd, Errno.EINVAL);
    }

    @Override
    public void spinWait() {
        checkNotFailed();
        if (!foreign.finish()) {
            throw failed("spins without an end: no other thread is in a call");
        }
    }

    @Override
    public int timerfdCreate(int clock, int flags) {
        enterCall("timerfd_create", clock, flags);
        return clock == Time.CLOCK_MONOTONIC ? install(new SimTimerfd(this, flags)) : -Errno.EINVAL;
    }

    @Override
    public int timerfdSettime(int fd, int flags, MemorySegment spec) {
        enterCall("timerfd_settime", fd, flags);
        return file(fd) instanceof SimTimerfd timer ? timer.set(flags, spec) : badFile(fd, Errno.EINVAL);
    }

    @Override
    public int epollCreate(int flags) {
        enterCall("epoll_create", flags, 0);
        return install(new SimEpoll(this));
    }

    @Override
    public int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
        enterCall("epoll_ctl", epoll, fd);
        SimFile file = file(fd);
        if (!(file(epoll) instanceof SimEpoll set) || operation != Net.EPOLL_CTL_ADD) {
            return badFile(epoll, Errno.EINVAL);
        }
        return file == null ? -Errno.EBADF : set.add(file, event.get(JAVA_INT, 0));
    }

    @Override
    public long lseek(int fd, long offsetBytes, int whence) {
        enterCall("lseek", fd, offsetBytes);
        return file(fd) == null ? -Errno.EBADF : file(fd).seek(offsetBytes, whence);
    }

    @Override
    public int setStatusFlags(int fd, int flags) {
        enterCall("fcntl", fd, flags);
        return file(fd) == null ? -Errno.EBADF : 0; // without effect in this simulation
    }

    // ---- time and memory

    @Override
    public long nanoTime() {
        return time.now();
    }

    @Override
    public long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
        enterCall("mmap", lengthBytes, fd);
        long address = memory.mmap(lengthBytes, protection, 0x22, -1, 0); // MAP_PRIVATE | MAP_ANONYMOUS
        if (fd >= 0) {
            int result = file(fd) instanceof SimRing ring ? ring.mapped(offsetBytes, address, lengthBytes) : -Errno.EBADF;
            if (result < 0) {
                memory.munmap(address, lengthBytes);
                return result;
            }
        }
        shadow.map(address, lengthBytes);
        return address;
    }

    @Override
    public int munmap(long address, long lengthBytes) {
        if (hasFailed()) { // the run is over: no code accesses the memory
            return memory.munmap(address, lengthBytes);
        }
        if (!foreign.isRunning() && (sleep == null || isLoop())) { // else a lease that was closed after the loop
            enterCall("munmap", lengthBytes, 0);
        }
        rings.checkUnused(address);
        shadow.unmap(address, lengthBytes);
        return memory.munmap(address, lengthBytes);
    }

    // ---- rings

    @Override
    public int ioUringSetup(int entries, MemorySegment params) {
        enterCall("setup", entries, params.get(JAVA_INT, Abi.PARAMS_FLAGS));
        return rings.setUp(entries, params);
    }

    @Override
    public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
        enterCall("enter", toSubmit, minComplete);
        return rings.enter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
    }

    @Override
    public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
        enterCall("register", opcode, argCount);
        return rings.register(ringFd, opcode, arg);
    }

    // ---- sockets

    @Override
    public int socket(int domain, int type, int protocol) {
        enterCall("socket", domain, type);
        if (domain != Net.AF_INET && domain != Net.AF_INET6) {
            return -Errno.EAFNOSUPPORT;
        }
        return switch (type & 0xf) {
            case Net.SOCK_STREAM -> install(new SimTcp(this));
            case Net.SOCK_DGRAM -> install(new SimUdp(this));
            default -> -Errno.EINVAL;
        };
    }

    private int onSocket(int fd, ToIntFunction<SimSocket> call) {
        return file(fd) instanceof SimSocket socket ? call.applyAsInt(socket) : badFile(fd, SimErrno.ENOTSOCK);
    }

    @Override
    public int bind(int fd, MemorySegment address, int addressBytes) {
        enterCall("bind", fd, addressBytes);
        return onSocket(fd, socket -> socket.bind(SocketAddresses.decode(address)));
    }

    @Override
    public int listen(int fd, int backlog) {
        enterCall("listen", fd, backlog);
        return onSocket(fd, socket -> socket.listen(backlog, null));
    }

    @Override
    public int getsockname(int fd, MemorySegment address, MemorySegment addressBytes) {
        enterCall("getsockname", fd, 0);
        return onSocket(fd, socket -> name(socket.local(), address, addressBytes));
    }

    private static int name(InetSocketAddress name, MemorySegment address, MemorySegment addressBytes) {
        InetSocketAddress known = name == null ? new InetSocketAddress("0.0.0.0", 0) : name;
        addressBytes.set(JAVA_INT, 0, SocketAddresses.encode(known, address));
        return 0;
    }

    @Override
    public int setsockopt(int fd, int level, int name, MemorySegment value, int valueBytes) {
        enterCall("setsockopt", fd, name);
        return onSocket(fd, socket -> {
            if (level == Net.SOL_SOCKET) {
                socket.setOption(name, value);
            }
            return 0;
        });
    }

    @Override
    public int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment valueBytes) {
        enterCall("getsockopt", fd, name);
        return onSocket(fd, socket -> {
            if (level == Net.SOL_SOCKET && name == Net.SO_LINGER) {
                socket.linger(value);
                return 0;
            }
            value.set(JAVA_INT, 0, level == Net.SOL_SOCKET && name == Net.SO_ERROR ? socket.takeError() : 0);
            valueBytes.set(JAVA_INT, 0, Integer.BYTES);
            return 0;
        });
    }

    @Override
    public int shutdown(int fd, int how) {
        enterCall("shutdown", fd, how);
        return onSocket(fd, socket -> socket.shutdown(how));
    }
}

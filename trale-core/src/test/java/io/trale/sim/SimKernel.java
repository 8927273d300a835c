package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.uring.Abi;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The simulated kernel: the system calls, the descriptors, the dice.
///
/// It belongs to the thread that makes it, which is the loop's. Another may call [#write8], and nothing else, from a
/// step that was given to [#foreign]. Any misuse ends the run with an [AssertionError] that names the seed; since code
/// under test may swallow that, [#assertQuiescent] throws it again.
public final class SimKernel implements Kernel {

    /// What a call of `enter` takes.
    static final long CALL_NANOS = 1000;
    /// How many events one `enter` sits through without a completion.
    static final int MAX_STEPS = 1_000_000;

    private static final int MAX_CALLS = 1_000_000;
    private static final int FIRST_DESCRIPTOR = 1000; // so that one which reaches the real kernel by mistake is refused
    private static final boolean PRINT = Boolean.getBoolean("trale.sim.trace");
    private static final double FOREIGN_CHANCE = 0.3;

    private final long seed;
    private final SplittableRandom random;
    private final Thread thread = Thread.currentThread();
    private final Set<Capability> lacking = EnumSet.noneOf(Capability.class);
    private final Kernel memory = new Libc();
    private final Foreign foreign = new Foreign();
    private final TreeMap<Integer, SimFile> descriptors = new TreeMap<>();
    private final Map<Integer, SimTcp> listeners = new HashMap<>();
    private final List<SimRing> rings = new ArrayList<>();

    final SimTime time = new SimTime();
    final Shadow shadow = new Shadow(this);

    private Faults faults = Faults.NONE;
    private int socketBufferBytes = 64 << 10;
    private int maxDescriptors = 100_000;
    private int nextPort = 40_000;
    private boolean strict;
    private SimRing registered;
    private boolean foreignRuns;
    private long calls;
    private long hash;
    private AssertionError failure;

    /// A kernel whose every choice follows from `seed`. Nothing goes wrong until [#faults] says so.
    public SimKernel(long seed) {
        this.seed = seed;
        random = new SplittableRandom(seed);
    }

    // ---- how it behaves

    /// What may go wrong from now on.
    public SimKernel faults(Faults faults) {
        this.faults = faults;
        return this;
    }

    Faults faults() {
        return faults;
    }

    /// Takes a capability away.
    public SimKernel without(Capability... lacking) {
        this.lacking.addAll(List.of(lacking));
        return this;
    }

    boolean has(Capability capability) {
        return !lacking.contains(capability);
    }

    Set<Capability> lacking() {
        return lacking;
    }

    /// The size of each of the two buffers of each socket that is made from now on.
    public SimKernel socketBufferBytes(int bytes) {
        socketBufferBytes = bytes;
        return this;
    }

    int socketBufferBytes() {
        return socketBufferBytes;
    }

    /// How many descriptors may be open at a time.
    public SimKernel maxDescriptors(int count) {
        maxDescriptors = count;
        return this;
    }

    /// Forbids what the real kernel allows and nobody sane does: to close a descriptor while operations are in flight on
    /// it, and to submit one on a descriptor that is closed. Numbers are reused at once, so both end in somebody else's file.
    public SimKernel strict() {
        strict = true;
        return this;
    }

    boolean isStrict() {
        return strict;
    }

    // ---- the dice

    /// What everything follows from.
    public long seed() {
        return seed;
    }

    /// The generator of this run, for scenarios to draw from as well.
    public SplittableRandom random() {
        return random;
    }

    boolean chance(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    int oneOf(int... values) {
        return values[below(values.length)];
    }

    /// How much later something happens: mostly 0.
    long lateness() {
        return chance(faults.late()) ? 1 + random.nextLong(faults.lateNanos()) : 0;
    }

    /// Has something happen now, or a little later.
    void soon(Runnable action) {
        long late = lateness();
        if (late == 0) {
            action.run();
        } else {
            time.after(late, action);
        }
    }

    /// How much of `count` is transferred, at least 1.
    int shorten(int count) {
        return count > 1 && chance(faults.shortTransfer()) ? 1 + below(count - 1) : count;
    }

    <T> void shuffle(List<T> list) {
        if (list.size() > 1 && chance(faults.late())) {
            for (int i = list.size(); i > 1; i--) {
                list.set(i - 1, list.set(below(i), list.get(i - 1)));
            }
        }
    }

    void scribbleMaybe() {
        if (chance(faults.scribble())) {
            shadow.scribble();
        }
    }

    // ---- what happened

    /// A digest of all that happened so far: equal for equal runs.
    public long hash() {
        return hash;
    }

    void trace(String what, long a, long b, long c) {
        hash = 31 * (31 * (31 * (31 * (31 * hash + what.hashCode()) + a) + b) + c) + time.now();
        if (PRINT) {
            System.out.printf("%,d %s %d %d %d%n", time.now(), what, a, b, c);
        }
    }

    /// Ends the run: for `throw`.
    AssertionError failed(String message) {
        AssertionError error = new AssertionError("seed " + seed + ": " + message);
        if (failure == null) {
            failure = error;
        }
        return error;
    }

    /// Throws if something is left: a failure that was swallowed, a descriptor, an operation, a mapping, a foreign step.
    public void assertQuiescent() {
        throwFailure();
        if (!descriptors.isEmpty()) {
            throw failed("still open: " + descriptors);
        }
        for (SimRing ring : rings) {
            if (!ring.isIdle()) {
                throw failed(ring.toString());
            }
        }
        if (!foreign.isEmpty()) {
            throw failed("foreign steps are left");
        }
        shadow.assertQuiescent();
    }

    /// Throws the first failure of this run, if there was one.
    public void throwFailure() {
        if (failure != null) {
            throw new AssertionError(failure.getMessage(), failure);
        }
    }

    /// How many descriptors are open.
    public int openDescriptors() {
        return descriptors.size();
    }

    /// Lets time pass as if the program computed.
    public void elapse(long nanos) {
        time.elapse(nanos);
        interrupt();
    }

    /// Runs `action` on the loop thread, inside a call that it makes, at `delayNanos` from now: something that happens
    /// outside.
    public void after(long delayNanos, Runnable action) {
        time.after(delayNanos, action);
    }

    // ---- other threads

    /// Has `step` run on another thread, some time from now, while the loop thread is inside a call. Steps run in order.
    public void foreign(Runnable step) {
        foreign.add(step);
    }

    /// As [#foreign(Runnable)], not before `delayNanos` have passed.
    public void foreignAfter(long delayNanos, Runnable step) {
        time.after(delayNanos, () -> runOutside(step));
    }

    /// Runs the steps that have not had their turn: after the end of everything else, as it may happen.
    public void runForeignToEnd() {
        while (runForeign()) {
            trace("late", 0, 0, 0);
        }
    }

    boolean runForeignMaybe() {
        return !foreignRuns && !foreign.isEmpty() && random.nextDouble() < FOREIGN_CHANCE && runForeign();
    }

    boolean runForeign() {
        if (foreign.isEmpty()) {
            return false;
        }
        runOutside(foreign.next());
        return true;
    }

    private void runOutside(Runnable step) {
        if (Thread.currentThread() != thread || foreignRuns) {
            step.run(); // on the foreign thread already
            return;
        }
        trace("foreign", 0, 0, 0);
        foreignRuns = true;
        try {
            Foreign.runNow(step);
        } catch (AssertionError e) {
            failed(e.getMessage() + ": " + e.getCause()).initCause(e);
            throw e;
        } finally {
            foreignRuns = false;
        }
    }

    // ---- calls

    /// Every call begins here: the moment for others to run.
    private void enterCall(String name, long a, long b) {
        if (failure != null) {
            throw new AssertionError("the run has failed before", failure);
        }
        if (Thread.currentThread() != thread) {
            throw failed(name + " is called on " + Thread.currentThread());
        }
        if (++calls > MAX_CALLS) {
            throw failed("more than " + MAX_CALLS + " calls");
        }
        trace(name, a, b, 0);
        runForeignMaybe();
        scribbleMaybe();
        interrupt();
    }

    /// Lets rings do their work that need no enter for it.
    private void interrupt() {
        for (SimRing ring : rings) {
            if (ring.mayBeInterrupted()) {
                ring.runWork(0);
            }
        }
    }

    SimFile file(int fd) {
        return descriptors.get(fd);
    }

    int descriptorsLeft() {
        return maxDescriptors - descriptors.size();
    }

    /// Gives `file` the lowest number that is free: the one that was closed last, most likely.
    int install(SimFile file) {
        if (descriptorsLeft() == 0) {
            return -Errno.EMFILE;
        }
        int fd = FIRST_DESCRIPTOR;
        while (descriptors.containsKey(fd)) {
            fd++;
        }
        descriptors.put(fd, file);
        file.hold();
        return fd;
    }

    @Override
    public int ioUringSetup(int entries, MemorySegment params) {
        enterCall("setup", entries, params.get(JAVA_INT, Abi.PARAMS_FLAGS));
        SimRing ring = SimRing.setUp(this, entries, params);
        if (ring == null) {
            return -Errno.EINVAL;
        }
        rings.add(ring);
        return install(ring);
    }

    @Override
    public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
        enterCall("enter", toSubmit, minComplete);
        SimRing ring = (flags & Abi.IORING_ENTER_REGISTERED_RING) != 0 ? ringFd == 0 ? registered : null
                : file(ringFd) instanceof SimRing r ? r : null;
        if (ring == null) {
            return -Errno.EBADF;
        }
        long timeoutNanos = Long.MAX_VALUE;
        if ((flags & Abi.IORING_ENTER_EXT_ARG) != 0) {
            if (argBytes != 24) {
                return -Errno.EINVAL;
            }
            long timespec = arg.get(JAVA_LONG, 16);
            if (timespec != 0) {
                timeoutNanos = Ram.getLong(timespec) * 1_000_000_000 + Ram.getLong(timespec + 8);
            }
        }
        return ring.enter(toSubmit, minComplete, (flags & Abi.IORING_ENTER_GETEVENTS) != 0, timeoutNanos);
    }

    @Override
    public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
        enterCall("register", opcode, argCount);
        if (!(file(ringFd) instanceof SimRing ring)) {
            return -Errno.EBADF;
        }
        switch (opcode) {
            case Abi.IORING_REGISTER_RING_FDS -> {
                if (!has(Capability.REGISTERED_RING) || arg.get(JAVA_INT, 0) != -1 || arg.get(JAVA_LONG, 8) != ringFd) {
                    return -Errno.EINVAL;
                }
                if (registered != null) {
                    return -Errno.EBUSY;
                }
                registered = ring;
                ring.hold();
                arg.set(JAVA_INT, 0, 0);
                return 1;
            }
            case Abi.IORING_UNREGISTER_RING_FDS -> {
                if (arg.get(JAVA_INT, 0) != 0 || arg.get(JAVA_INT, 4) != 0 || arg.get(JAVA_LONG, 8) != 0) {
                    return -Errno.EINVAL;
                }
                if (registered == ring) {
                    registered = null;
                    ring.drop();
                }
                return 1;
            }
            case Abi.IORING_REGISTER_PBUF_RING -> {
                return has(Capability.BUFFER_RINGS) ? ring.registerBuffers(arg) : -Errno.EINVAL;
            }
            case Abi.IORING_UNREGISTER_PBUF_RING -> {
                return has(Capability.BUFFER_RINGS) ? ring.unregisterBuffers(arg) : -Errno.EINVAL;
            }
            default -> {
                return -Errno.EINVAL;
            }
        }
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
        if (failure != null) { // nobody runs here any more who could touch it
            return memory.munmap(address, lengthBytes);
        }
        enterCall("munmap", lengthBytes, 0);
        for (SimRing ring : rings) {
            if (ring.uses(address)) {
                throw failed("a ring is unmapped before it is closed");
            }
        }
        shadow.unmap(address, lengthBytes);
        return memory.munmap(address, lengthBytes);
    }

    @Override
    public long nanoTime() {
        return time.now();
    }

    @Override
    public int close(int fd) {
        enterCall("close", fd, 0);
        SimFile file = descriptors.remove(fd);
        if (file == null) {
            throw failed("close of " + fd + ", which is not open");
        }
        if (strict && !(file instanceof SimRing)) {
            for (SimRing ring : rings) {
                ring.checkIdle(file);
            }
        }
        if (file instanceof SimRing ring) {
            ring.close();
            if (ring.isIdle()) {
                rings.remove(ring);
            }
        }
        file.drop();
        return 0;
    }

    @Override
    public int eventfd(int initialValue, int flags) {
        enterCall("eventfd", initialValue, flags);
        return install(new SimEventfd(this, initialValue, flags));
    }

    /// There are no files here, and so nothing with a position.
    @Override
    public long lseek(int fd, long offsetBytes, int whence) {
        return -Errno.ESPIPE;
    }

    /// There is no file system here.
    @Override
    public int mkdirat(int directory, MemorySegment path, int mode) {
        return -Errno.ENOSYS;
    }

    /// `timerfd_create(2)`
    @Override
    public int timerfdCreate(int clock, int flags) {
        enterCall("timerfd_create", clock, flags);
        return clock == 1 ? install(new SimTimerfd(this)) : -Errno.EINVAL; // CLOCK_MONOTONIC
    }

    /// `timerfd_settime(2)`
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
    public int write8(int fd, long value) {
        if (!foreignRuns) {
            enterCall("write8", fd, value);
        } else if (Thread.currentThread() == thread) {
            throw failed("write8 by the loop thread while another runs");
        }
        trace("write", fd, value, 0);
        return file(fd) instanceof SimEventfd eventfd ? eventfd.add(value) : badFile(fd, Errno.EINVAL);
    }

    private int badFile(int fd, int otherwise) {
        return file(fd) == null ? -Errno.EBADF : -otherwise;
    }

    // ---- sockets

    @Override
    public int socket(int domain, int type, int protocol) {
        enterCall("socket", domain, type);
        if (domain != Net.AF_INET && domain != Net.AF_INET6) {
            return -Errno.EAFNOSUPPORT;
        }
        return (type & 0xf) == Net.SOCK_STREAM ? install(new SimTcp(this)) : -Errno.EINVAL;
    }

    private SimTcp tcp(int fd) {
        return file(fd) instanceof SimTcp tcp ? tcp : null;
    }

    private int notSocket(int fd) {
        return badFile(fd, 88); // ENOTSOCK
    }

    @Override
    public int bind(int fd, MemorySegment address, int addressBytes) {
        enterCall("bind", fd, addressBytes);
        SimTcp tcp = tcp(fd);
        return tcp == null ? notSocket(fd) : tcp.bind(SocketAddresses.decode(address));
    }

    @Override
    public int listen(int fd, int backlog) {
        enterCall("listen", fd, backlog);
        SimTcp tcp = tcp(fd);
        return tcp == null ? notSocket(fd) : tcp.listen(backlog, null);
    }

    @Override
    public int getsockname(int fd, MemorySegment address, MemorySegment addressBytes) {
        enterCall("getsockname", fd, 0);
        SimTcp tcp = tcp(fd);
        return tcp == null ? notSocket(fd) : name(tcp.local(), address, addressBytes);
    }

    @Override
    public int getpeername(int fd, MemorySegment address, MemorySegment addressBytes) {
        enterCall("getpeername", fd, 0);
        SimTcp tcp = tcp(fd);
        return tcp == null ? notSocket(fd) : tcp.isConnected() ? name(tcp.remote(), address, addressBytes) : -Errno.ENOTCONN;
    }

    private static int name(InetSocketAddress name, MemorySegment address, MemorySegment addressBytes) {
        InetSocketAddress known = name == null ? new InetSocketAddress("0.0.0.0", 0) : name;
        addressBytes.set(JAVA_INT, 0, SocketAddresses.encode(known, address));
        return 0;
    }

    @Override
    public int setsockopt(int fd, int level, int name, MemorySegment value, int valueBytes) {
        enterCall("setsockopt", fd, name);
        SimTcp tcp = tcp(fd);
        if (tcp == null) {
            return notSocket(fd);
        }
        if (level == Net.SOL_SOCKET) {
            switch (name) {
                case Net.SO_LINGER -> tcp.resetOnClose(value.get(JAVA_INT, 0) != 0 && value.get(JAVA_INT, 4) == 0);
                case Net.SO_SNDBUF -> tcp.bufferBytes(value.get(JAVA_INT, 0), 0);
                case Net.SO_RCVBUF -> tcp.bufferBytes(0, value.get(JAVA_INT, 0));
                default -> { }
            }
        }
        return 0;
    }

    @Override
    public int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment valueBytes) {
        enterCall("getsockopt", fd, name);
        SimTcp tcp = tcp(fd);
        if (tcp == null) {
            return notSocket(fd);
        }
        value.set(JAVA_INT, 0, level == Net.SOL_SOCKET && name == Net.SO_ERROR ? tcp.takeError() : 0);
        valueBytes.set(JAVA_INT, 0, Integer.BYTES);
        return 0;
    }

    @Override
    public int shutdown(int fd, int how) {
        enterCall("shutdown", fd, how);
        SimTcp tcp = tcp(fd);
        return tcp == null ? notSocket(fd) : tcp.shutdown(how);
    }

    // ---- the network

    /// `address`, with a port that is free if it has none; null if its port is taken.
    InetSocketAddress freePort(InetSocketAddress address) {
        if (address.getPort() == 0) {
            return new InetSocketAddress(address.getAddress(), nextPort++);
        }
        return listeners.containsKey(address.getPort()) ? null : address;
    }

    void listening(SimTcp socket) {
        listeners.put(socket.local().getPort(), socket);
    }

    void notListening(SimTcp socket) {
        listeners.remove(socket.local().getPort(), socket);
    }

    /// Whoever listens on the port of `address`, or null: there is one host.
    SimTcp listeningOn(InetSocketAddress address) {
        return listeners.get(address.getPort());
    }

    /// Has the outside world connect to `address`.
    public SimPeer connectTo(InetSocketAddress address) {
        return SimPeer.connect(this, address);
    }

    /// Has the outside world listen on `port`, and hands each connection to `acceptor`.
    public void listenOn(int port, Consumer<SimPeer> acceptor) {
        SimTcp listening = new SimTcp(this);
        listening.bind(new InetSocketAddress("127.0.0.1", port));
        listening.listen(1 << 20, socket -> acceptor.accept(new SimPeer(this, socket)));
    }
}

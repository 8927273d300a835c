package io.trale.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The real kernel: calls libc through the Foreign Function & Memory API, with no native library of our own.
///
/// The linker captures `errno` in the same step as the call, before the JVM can overwrite it. The two frequent calls
/// (`io_uring_enter` and `eventfd_write`) do not capture `errno`; if one fails, it is repeated with capture. No call is
/// linked as `critical`: a blocking critical call would delay every safepoint of the process.
public final class Libc implements Kernel {

    /// System call numbers, the same on every architecture that has io_uring.
    private static final long SYS_IO_URING_SETUP = 425;
    private static final long SYS_IO_URING_ENTER = 426;
    private static final long SYS_IO_URING_REGISTER = 427;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final MemoryLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();

    private static final MethodHandle SETUP = variadic(1, "syscall", JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS);
    private static final MethodHandle ENTER = variadic(1, "syscall", JAVA_LONG,
            JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);
    /// The enter of almost every turn: without `arg`, and linked without errno capture. Capture allocates an object at each
    /// call that the JIT cannot always remove.
    private static final MethodHandle ENTER_PLAIN = link("syscall", FunctionDescriptor.of(JAVA_LONG,
            JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG), Linker.Option.firstVariadicArg(1));
    private static final MethodHandle REGISTER = variadic(1, "syscall", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS,
            JAVA_INT);
    private static final MethodHandle MMAP = plain("mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
            JAVA_LONG);
    private static final MethodHandle MUNMAP = plain("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE = plain("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    private static final MethodHandle CLOSE = plain("close", JAVA_INT, JAVA_INT);
    /// Linked without errno capture: needs no per-thread memory, so any thread may call it.
    private static final MethodHandle EVENTFD_WRITE = link("eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT,
            JAVA_LONG));
    private static final MethodHandle EVENTFD = plain("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle TIMERFD_CREATE = plain("timerfd_create", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle TIMERFD_SETTIME = plain("timerfd_settime", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS,
            ADDRESS);
    private static final MethodHandle EPOLL_CREATE = plain("epoll_create1", JAVA_INT, JAVA_INT);
    private static final MethodHandle EPOLL_CTL = plain("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    private static final MethodHandle SOCKET = plain("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = plain("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle LISTEN = plain("listen", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SHUTDOWN = plain("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle GETSOCKNAME = plain("getsockname", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle SETSOCKOPT = plain("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS,
            JAVA_INT);
    private static final MethodHandle GETSOCKOPT = plain("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS,
            ADDRESS);
    private static final MethodHandle LSEEK = plain("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FCNTL = variadic(2, "fcntl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

    /// Receives the `errno` of the loop thread's calls. Only the linker writes to it, and keeps it alive during a call. The
    /// kernel never sees it. So this is the one native memory that the garbage collector may free.
    private final MemorySegment errno = Arena.ofAuto().allocate(ERRNO_LAYOUT);

    /// Creates the system call interface of one executor.
    public Libc() {}

    private static MethodHandle plain(String symbol, MemoryLayout result, MemoryLayout... arguments) {
        return link(symbol, FunctionDescriptor.of(result, arguments), ERRNO);
    }

    /// As [#plain], for a function whose first `fixed` parameters are declared and whose others are `...`.
    private static MethodHandle variadic(int fixed, String symbol, MemoryLayout result, MemoryLayout... arguments) {
        return link(symbol, FunctionDescriptor.of(result, arguments), ERRNO, Linker.Option.firstVariadicArg(fixed));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
        // SAFETY: each descriptor above is the C prototype of its function, with off_t and size_t of 64 bits.
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(symbol), descriptor, options);
    }

    /// `invokeExact` declares `Throwable`, but a downcall throws nothing. An exception here is a bug of the JVM or of trale.
    private interface Call {
        long invoke() throws Throwable;
    }

    /// The result of `call`, or `-errno`. Allocates an object: the frequent calls are written out.
    private long result(Call call) {
        try {
            return result(call.invoke());
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    private long result(long value) {
        return value == -1 ? -errno.get(JAVA_INT, 0) : value;
    }

    private static AssertionError broken(Throwable t) {
        return new AssertionError("system call failed in the JVM", t);
    }

    @Override
    public int ioUringSetup(int entries, MemorySegment params) {
        return (int) result(() -> (long) SETUP.invokeExact(errno, SYS_IO_URING_SETUP, entries, params));
    }

    @Override
    public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
        try {
            if (argBytes > 0) {
                return (int) result((long) ENTER.invokeExact(errno, SYS_IO_URING_ENTER, ringFd, toSubmit, minComplete, flags, arg,
                        argBytes));
            }
            long submitted = (long) ENTER_PLAIN.invokeExact(SYS_IO_URING_ENTER, ringFd, toSubmit, minComplete, flags, 0L, 0L);
            return submitted >= 0 ? (int) submitted : enterAgain(ringFd, toSubmit, flags);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /// The fast call failed without an errno, and submitted nothing. Repeats it without waiting and with errno captured. If
    /// the repeat does not fail, the first call was interrupted (`EINTR`). The kernel reports `EBADR` only once, so this
    /// call misses it; the completion queue still counts dropped completions.
    private int enterAgain(int ringFd, int toSubmit, int flags) throws Throwable {
        int submitted = (int) result((long) ENTER.invokeExact(errno, SYS_IO_URING_ENTER, ringFd, toSubmit, 0, flags,
                MemorySegment.NULL, 0L));
        return submitted != 0 ? submitted : -Errno.EINTR;
    }

    @Override
    public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
        return (int) result(() -> (long) REGISTER.invokeExact(errno, SYS_IO_URING_REGISTER, ringFd, opcode, arg, argCount));
    }

    @Override
    public long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
        return result(() -> (long) MMAP.invokeExact(errno, 0L, lengthBytes, protection, flags, fd, offsetBytes));
    }

    @Override
    public int munmap(long address, long lengthBytes) {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment errno = call.allocate(ERRNO_LAYOUT); // any thread may call this
            return (int) MUNMAP.invokeExact(errno, address, lengthBytes) == -1 ? -errno.get(JAVA_INT, 0) : 0;
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime(); // CLOCK_MONOTONIC on Linux, without a system call
    }

    @Override
    public int close(int fd) {
        return (int) result(() -> (int) CLOSE.invokeExact(errno, fd));
    }

    @Override
    public int eventfd(int initialValue, int flags) {
        return (int) result(() -> (int) EVENTFD.invokeExact(errno, initialValue, flags));
    }

    @Override
    public int timerfdCreate(int clock, int flags) {
        return (int) result(() -> (int) TIMERFD_CREATE.invokeExact(errno, clock, flags));
    }

    @Override
    public int timerfdSettime(int fd, int flags, MemorySegment times) {
        try {
            return (int) result((int) TIMERFD_SETTIME.invokeExact(errno, fd, flags, times, MemorySegment.NULL));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int epollCreate(int flags) {
        return (int) result(() -> (int) EPOLL_CREATE.invokeExact(errno, flags));
    }

    @Override
    public int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
        return (int) result(() -> (int) EPOLL_CTL.invokeExact(errno, epoll, operation, fd, event));
    }

    @Override
    public int write8(int fd, long value) {
        try {
            return (int) EVENTFD_WRITE.invokeExact(fd, value) == 0 ? Long.BYTES : write8Again(fd, value);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /// Repeats a failed [#write8] with errno captured, in memory of this call: the caller may be any thread.
    private static int write8Again(int fd, long value) throws Throwable {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment errno = call.allocate(ERRNO_LAYOUT);
            MemorySegment bytes = call.allocate(JAVA_LONG);
            bytes.set(JAVA_LONG, 0, value);
            long written = (long) WRITE.invokeExact(errno, fd, bytes, 8L);
            return written == -1 ? -errno.get(JAVA_INT, 0) : (int) written;
        }
    }

    @Override
    public void spinWait() {
        Thread.onSpinWait();
    }

    @Override
    public int socket(int domain, int type, int protocol) {
        return (int) result(() -> (int) SOCKET.invokeExact(errno, domain, type, protocol));
    }

    @Override
    public int bind(int fd, MemorySegment address, int addressBytes) {
        return (int) result(() -> (int) BIND.invokeExact(errno, fd, address, addressBytes));
    }

    @Override
    public int listen(int fd, int backlog) {
        return (int) result(() -> (int) LISTEN.invokeExact(errno, fd, backlog));
    }

    @Override
    public int getsockname(int fd, MemorySegment address, MemorySegment addressBytes) {
        return (int) result(() -> (int) GETSOCKNAME.invokeExact(errno, fd, address, addressBytes));
    }

    @Override
    public int setsockopt(int fd, int level, int name, MemorySegment value, int valueBytes) {
        return (int) result(() -> (int) SETSOCKOPT.invokeExact(errno, fd, level, name, value, valueBytes));
    }

    @Override
    public int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment valueBytes) {
        return (int) result(() -> (int) GETSOCKOPT.invokeExact(errno, fd, level, name, value, valueBytes));
    }

    @Override
    public long lseek(int fd, long offsetBytes, int whence) {
        return result(() -> (long) LSEEK.invokeExact(errno, fd, offsetBytes, whence));
    }

    @Override
    public int setStatusFlags(int fd, int flags) {
        return (int) result(() -> (int) FCNTL.invokeExact(errno, fd, Files.F_SETFL, flags));
    }

    @Override
    public int shutdown(int fd, int how) {
        return (int) result(() -> (int) SHUTDOWN.invokeExact(errno, fd, how));
    }
}

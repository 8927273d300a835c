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
    private static final Linker.Option VARIADIC = Linker.Option.firstVariadicArg(1);

    private static final MethodHandle SETUP = link("syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS), VARIADIC);
    private static final MethodHandle ENTER = link("syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG), VARIADIC);
    /// The enter of almost every turn: without `arg`, and linked without errno capture. Capture allocates an object at each
    /// call that the JIT cannot always remove.
    private static final MethodHandle ENTER_PLAIN = linkPlain("syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG), VARIADIC);
    private static final MethodHandle REGISTER = link("syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT), VARIADIC);
    private static final MethodHandle MMAP = link("mmap",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = link("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle WRITE = link("write",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle BIND = link("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle CLOSE = link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    /// Linked without errno capture: needs no per-thread memory, so any thread may call it.
    private static final MethodHandle EVENTFD_WRITE = linkPlain("eventfd_write",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle EVENTFD = link("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle TIMERFD_CREATE = link("timerfd_create",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle TIMERFD_SETTIME = link("timerfd_settime",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle EPOLL_CREATE = link("epoll_create1", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle EPOLL_CTL = link("epoll_ctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle SOCKET = link("socket",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle LISTEN = link("listen", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle SHUTDOWN = link("shutdown", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle LSEEK = link("lseek",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle FCNTL = link("fcntl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle GETSOCKNAME = link("getsockname",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle GETPEERNAME = link("getpeername",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle SETSOCKOPT = link("setsockopt",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle GETSOCKOPT = link("getsockopt",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

    /// Receives the `errno` of the loop thread's calls. Only the linker writes to it, and keeps it alive during a call. The
    /// kernel never sees it. So this is the one native memory that the garbage collector may free.
    private final MemorySegment errno = Arena.ofAuto().allocate(ERRNO_LAYOUT);

    /// Creates the system call interface of one executor.
    public Libc() {}

    private static MethodHandle link(String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker.Option[] all = new Linker.Option[options.length + 1];
        all[0] = ERRNO;
        System.arraycopy(options, 0, all, 1, options.length);
        return linkPlain(symbol, descriptor, all);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle linkPlain(String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
        // SAFETY: each descriptor above is the C prototype of its function, with off_t and size_t of 64 bits.
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(symbol), descriptor, options);
    }

    private int result(long value) {
        return value == -1 ? -errno.get(JAVA_INT, 0) : (int) value;
    }

    /// `invokeExact` declares `Throwable`, but a downcall throws nothing. An exception here is a bug of the JVM or of trale.
    private static AssertionError broken(Throwable t) {
        return new AssertionError("system call failed in the JVM", t);
    }

    @Override
    public int ioUringSetup(int entries, MemorySegment params) {
        try {
            return result((long) SETUP.invokeExact(errno, SYS_IO_URING_SETUP, entries, params));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
        try {
            if (argBytes > 0) {
                return result((long) ENTER.invokeExact(errno, SYS_IO_URING_ENTER, ringFd, toSubmit, minComplete, flags, arg,
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
        int submitted = result((long) ENTER.invokeExact(errno, SYS_IO_URING_ENTER, ringFd, toSubmit, 0, flags,
                MemorySegment.NULL, 0L));
        return submitted != 0 ? submitted : -Errno.EINTR;
    }

    @Override
    public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
        try {
            return result((long) REGISTER.invokeExact(errno, SYS_IO_URING_REGISTER, ringFd, opcode, arg, argCount));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
        try {
            long address = (long) MMAP.invokeExact(errno, 0L, lengthBytes, protection, flags, fd, offsetBytes);
            return address == -1 ? -errno.get(JAVA_INT, 0) : address;
        } catch (Throwable t) {
            throw broken(t);
        }
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
        try {
            return result((int) CLOSE.invokeExact(errno, fd));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int eventfd(int initialValue, int flags) {
        try {
            return result((int) EVENTFD.invokeExact(errno, initialValue, flags));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int timerfdCreate(int clock, int flags) {
        try {
            return result((int) TIMERFD_CREATE.invokeExact(errno, clock, flags));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int timerfdSettime(int fd, int flags, MemorySegment times) {
        try {
            return result((int) TIMERFD_SETTIME.invokeExact(errno, fd, flags, times, MemorySegment.NULL));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int epollCreate(int flags) {
        try {
            return result((int) EPOLL_CREATE.invokeExact(errno, flags));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
        try {
            return result((int) EPOLL_CTL.invokeExact(errno, epoll, operation, fd, event));
        } catch (Throwable t) {
            throw broken(t);
        }
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
        try {
            return result((int) SOCKET.invokeExact(errno, domain, type, protocol));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int bind(int fd, MemorySegment address, int addressBytes) {
        try {
            return result((int) BIND.invokeExact(errno, fd, address, addressBytes));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int listen(int fd, int backlog) {
        try {
            return result((int) LISTEN.invokeExact(errno, fd, backlog));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int getsockname(int fd, MemorySegment address, MemorySegment addressBytes) {
        try {
            return result((int) GETSOCKNAME.invokeExact(errno, fd, address, addressBytes));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int getpeername(int fd, MemorySegment address, MemorySegment addressBytes) {
        try {
            return result((int) GETPEERNAME.invokeExact(errno, fd, address, addressBytes));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int setsockopt(int fd, int level, int name, MemorySegment value, int valueBytes) {
        try {
            return result((int) SETSOCKOPT.invokeExact(errno, fd, level, name, value, valueBytes));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment valueBytes) {
        try {
            return result((int) GETSOCKOPT.invokeExact(errno, fd, level, name, value, valueBytes));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public long lseek(int fd, long offsetBytes, int whence) {
        try {
            long position = (long) LSEEK.invokeExact(errno, fd, offsetBytes, whence);
            return position == -1 ? -errno.get(JAVA_INT, 0) : position;
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int setStatusFlags(int fd, int flags) {
        try {
            return result((int) FCNTL.invokeExact(errno, fd, Files.F_SETFL, flags));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    @Override
    public int shutdown(int fd, int how) {
        try {
            return result((int) SHUTDOWN.invokeExact(errno, fd, how));
        } catch (Throwable t) {
            throw broken(t);
        }
    }
}

package io.trale.linux;

import java.lang.foreign.MemorySegment;

/// Every system call that trale makes: the only seam to the operating system.
///
/// Production has one implementation, [Libc]. Tests put another behind the same methods, to inject errors or to
/// simulate a whole kernel. All other I/O goes through the ring, whose memory both implementations share with us.
///
/// **Results.** A call returns a value `>= 0`, or `-errno` (see [Errno]).
/// **Threads.** One instance belongs to one executor and is called by its loop thread only, but for [#write8] and
/// [#munmap], which any thread may call. **Memory.** Every segment passed here is native and is used during the call
/// only, unless the method says otherwise.
public interface Kernel {

    /// The real kernel. Throws [UnsupportedOperationException], which says in one line what to do, where it cannot be called:
    /// when the JVM forbids native access, or on another system than Linux.
    static Kernel real() {
        try {
            return new Libc();
        } catch (LinkageError e) { // its static part has failed, now or before
            Module module = Kernel.class.getModule();
            throw new UnsupportedOperationException(module.isNativeAccessEnabled()
                    ? "trale needs Linux, this is " + System.getProperty("os.name")
                    : "this JVM forbids native access; add --enable-native-access="
                            + (module.isNamed() ? module.getName() : "ALL-UNNAMED"), e);
        }
    }

    /// `io_uring_setup(2)`; `params` is a `struct io_uring_params`, read and written. Returns the ring's descriptor.
    int ioUringSetup(int entries, MemorySegment params);

    /// `io_uring_enter(2)`, the one call that blocks. `arg` is [MemorySegment#NULL] or what `flags` asks for.
    /// Returns how many entries were submitted.
    int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes);

    /// `io_uring_register(2)`. What `arg` points at may stay with the kernel after the call (buffer rings do).
    int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount);

    /// `mmap(2)` with no address hint. Returns the address, or `-errno` (no address is in that range).
    long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes);

    /// `munmap(2)`. **Any thread**: memory that was lent may be given back by whoever has it.
    int munmap(long address, long lengthBytes);

    /// The clock of all deadlines, in nanoseconds: CLOCK_MONOTONIC of `clock_gettime(2)`.
    long nanoTime();

    /// `close(2)`. Cancels nothing that is in flight on the descriptor, whose number may be reused at once.
    int close(int fd);

    /// `eventfd(2)`; returns a descriptor.
    int eventfd(int initialValue, int flags);

    /// `timerfd_create(2)`; returns a descriptor.
    int timerfdCreate(int clock, int flags);

    /// `timerfd_settime(2)`; `times` is a `struct itimerspec`.
    int timerfdSettime(int fd, int flags, MemorySegment times);

    /// `epoll_create1(2)`; returns a descriptor.
    int epollCreate(int flags);

    /// `epoll_ctl(2)`; `event` is a `struct epoll_event`.
    int epollCtl(int epoll, int operation, int fd, MemorySegment event);

    /// Writes the eight bytes of `value` to `fd`, as `write(2)`. **Any thread.**
    int write8(int fd, long value);

    /// No call but a hint: the caller looks again and again whether another thread is through with a call that it is in
    /// already, and that does not wait.
    void spinWait();

    /// `socket(2)`; returns a descriptor.
    int socket(int domain, int type, int protocol);

    /// `bind(2)`
    int bind(int fd, MemorySegment address, int addressBytes);

    /// `listen(2)`
    int listen(int fd, int backlog);

    /// `getsockname(2)`; `addressBytes` is an `int`, read and written.
    int getsockname(int fd, MemorySegment address, MemorySegment addressBytes);

    /// `getpeername(2)`; `addressBytes` is an `int`, read and written.
    int getpeername(int fd, MemorySegment address, MemorySegment addressBytes);

    /// `setsockopt(2)`
    int setsockopt(int fd, int level, int name, MemorySegment value, int valueBytes);

    /// `getsockopt(2)`; `valueBytes` is an `int`, read and written.
    int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment valueBytes);

    /// `lseek(2)`; returns the new position, or `-errno`.
    long lseek(int fd, long offsetBytes, int whence);

    /// `fcntl(2)` with `F_SETFL`: `flags` are those of `open(2)` that may change, of which the others are cleared.
    int setStatusFlags(int fd, int flags);

    /// `shutdown(2)`; a plain call, since the ring hands it to a worker thread each time.
    int shutdown(int fd, int how);
}

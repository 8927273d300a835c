package io.trale.linux;

import java.lang.foreign.MemorySegment;

/// Every system call that trale makes: the only seam to the operating system.
///
/// Production uses one implementation, [Libc]. Tests use others, to inject errors or to simulate a whole kernel. All other
/// I/O goes through the ring, whose memory the implementation shares with us.
///
/// - **Results.** A call returns a value `>= 0`, or `-errno` (see [Errno]).
/// - **Threads.** One instance belongs to one executor. Only the loop thread calls it, except for [#write8], [#munmap] and
///   [#nanoTime], which any thread may call.
/// - **Memory.** Every segment passed here is native. The kernel uses it during the call only, unless the method says
///   otherwise.
public interface Kernel {

    /// The real kernel. If the JVM forbids native access, or if the system is not Linux, throws
    /// [UnsupportedOperationException] with a message that says what to do.
    static Kernel real() {
        try {
            return new Libc();
        } catch (LinkageError e) { // its static initializer has failed, in this call or an earlier one
            Module module = Kernel.class.getModule();
            throw new UnsupportedOperationException(module.isNativeAccessEnabled()
                    ? "trale needs Linux; this system is " + System.getProperty("os.name")
                    : "this JVM forbids native access; start it with --enable-native-access="
                            + (module.isNamed() ? module.getName() : "ALL-UNNAMED"), e);
        }
    }

    /// `io_uring_setup(2)`; `params` is a `struct io_uring_params`, read and written. Returns the ring's descriptor.
    int ioUringSetup(int entries, MemorySegment params);

    /// `io_uring_enter(2)`, the only call that blocks. `flags` determines the type of `arg`; [MemorySegment#NULL] for none.
    /// Returns the number of entries submitted.
    int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes);

    /// `io_uring_register(2)`. The kernel may use memory that `arg` points to after the call (it does for buffer rings).
    int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount);

    /// `mmap(2)` without an address hint. Returns the address, or `-errno`. No address lies in the range of `-errno`.
    long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes);

    /// `munmap(2)`. **Any thread**: the last owner of the memory frees it, on its own thread.
    int munmap(long address, long lengthBytes);

    /// The clock of all deadlines, in nanoseconds: CLOCK_MONOTONIC of `clock_gettime(2)`. **Any thread.**
    long nanoTime();

    /// `close(2)`. Does not cancel operations in flight on the descriptor. The kernel may reuse the number at once.
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

    /// A hint to the processor, not a system call: the caller spins until another thread returns from a call that does not
    /// block.
    void spinWait();

    /// `socket(2)`; returns a descriptor.
    int socket(int domain, int type, int protocol);

    /// `bind(2)`
    int bind(int fd, MemorySegment address, int addressBytes);

    /// `listen(2)`
    int listen(int fd, int backlog);

    /// `getsockname(2)`; `addressBytes` is an `int`, read and written.
    int getsockname(int fd, MemorySegment address, MemorySegment addressBytes);

    /// `setsockopt(2)`
    int setsockopt(int fd, int level, int name, MemorySegment value, int valueBytes);

    /// `getsockopt(2)`; `valueBytes` is an `int`, read and written.
    int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment valueBytes);

    /// `lseek(2)`; returns the new position, or `-errno`.
    long lseek(int fd, long offsetBytes, int whence);

    /// `fcntl(2)` with `F_SETFL`: sets the file status flags to `flags`, and clears the others that may change.
    int setStatusFlags(int fd, int flags);

    /// `shutdown(2)`. A plain call, because io_uring always passes it to a worker thread.
    int shutdown(int fd, int how);
}

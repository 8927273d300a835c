package io.trale.testing;

import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import java.lang.foreign.MemorySegment;

/// Passes all calls to a real or a simulated kernel. Tests override calls to count them, to fail them, or to do less than
/// requested.
public class InterceptedKernel implements Kernel {

    private static final long IORING_OFF_SQES = 0x10000000L;

    private final Kernel real;
    private MemorySegment submissionEntries = MemorySegment.NULL;

    /// Passes all calls to the real kernel.
    public InterceptedKernel() {
        this(new Libc());
    }

    /// Passes all calls to `kernel`.
    public InterceptedKernel(Kernel kernel) {
        real = kernel;
    }

    /// The submission entries, 64 bytes each, of the last ring that was mapped.
    protected final MemorySegment submissionEntries() {
        return submissionEntries;
    }

    @Override
    public int ioUringSetup(int entries, MemorySegment params) {
        return real.ioUringSetup(entries, params);
    }

    @Override
    public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
        return real.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
    }

    @Override
    public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
        return real.ioUringRegister(ringFd, opcode, arg, argCount);
    }

    @Override
    @SuppressWarnings("restricted")
    public long mmap(long lengthBytes, int protection, int flags, int fd, long offsetBytes) {
        long address = real.mmap(lengthBytes, protection, flags, fd, offsetBytes);
        if (fd >= 0 && offsetBytes == IORING_OFF_SQES && address > 0) {
            // SAFETY: the mapping is that long, and is used only until the close of the ring.
            submissionEntries = MemorySegment.ofAddress(address).reinterpret(lengthBytes);
        }
        return address;
    }

    @Override
    public int munmap(long address, long lengthBytes) {
        return real.munmap(address, lengthBytes);
    }

    @Override
    public long nanoTime() {
        return real.nanoTime();
    }

    @Override
    public int close(int fd) {
        return real.close(fd);
    }

    @Override
    public int eventfd(int initialValue, int flags) {
        return real.eventfd(initialValue, flags);
    }

    @Override
    public int epollCreate(int flags) {
        return real.epollCreate(flags);
    }

    @Override
    public int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
        return real.epollCtl(epoll, operation, fd, event);
    }

    @Override
    public int timerfdCreate(int clock, int flags) {
        return real.timerfdCreate(clock, flags);
    }

    @Override
    public int timerfdSettime(int fd, int flags, MemorySegment times) {
        return real.timerfdSettime(fd, flags, times);
    }

    @Override
    public long lseek(int fd, long offsetBytes, int whence) {
        return real.lseek(fd, offsetBytes, whence);
    }

    @Override
    public int setStatusFlags(int fd, int flags) {
        return real.setStatusFlags(fd, flags);
    }

    @Override
    public int write8(int fd, long value) {
        return real.write8(fd, value);
    }

    @Override
    public void spinWait() {
        real.spinWait();
    }

    @Override
    public int socket(int domain, int type, int protocol) {
        return real.socket(domain, type, protocol);
    }

    @Override
    public int bind(int fd, MemorySegment address, int addressBytes) {
        return real.bind(fd, address, addressBytes);
    }

    @Override
    public int listen(int fd, int backlog) {
        return real.listen(fd, backlog);
    }

    @Override
    public int getsockname(int fd, MemorySegment address, MemorySegment addressBytes) {
        return real.getsockname(fd, address, addressBytes);
    }

    @Override
    public int setsockopt(int fd, int level, int name, MemorySegment value, int valueBytes) {
        return real.setsockopt(fd, level, name, value, valueBytes);
    }

    @Override
    public int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment valueBytes) {
        return real.getsockopt(fd, level, name, value, valueBytes);
    }

    @Override
    public int shutdown(int fd, int how) {
        return real.shutdown(fd, how);
    }
}

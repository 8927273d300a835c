package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The io_uring operations that trale uses; [#missing] checks that the kernel has them.
public enum Opcode {

    NOP(Abi.IORING_OP_NOP),
    WRITEV(Abi.IORING_OP_WRITEV),
    FSYNC(Abi.IORING_OP_FSYNC),
    POLL_ADD(Abi.IORING_OP_POLL_ADD),
    SENDMSG(Abi.IORING_OP_SENDMSG),
    RECVMSG(Abi.IORING_OP_RECVMSG),
    ACCEPT(Abi.IORING_OP_ACCEPT),
    ASYNC_CANCEL(Abi.IORING_OP_ASYNC_CANCEL),
    CONNECT(Abi.IORING_OP_CONNECT),
    OPENAT(Abi.IORING_OP_OPENAT),
    CLOSE(Abi.IORING_OP_CLOSE),
    STATX(Abi.IORING_OP_STATX),
    READ(Abi.IORING_OP_READ),
    WRITE(Abi.IORING_OP_WRITE),
    SEND(Abi.IORING_OP_SEND),
    RECV(Abi.IORING_OP_RECV),
    PROVIDE_BUFFERS(Abi.IORING_OP_PROVIDE_BUFFERS),
    MKDIRAT(Abi.IORING_OP_MKDIRAT);

    private static final int MAX = 256;

    private final int opcode;

    Opcode(int opcode) {
        this.opcode = opcode;
    }

    /// The operations that the kernel of `ring` does not have: `IORING_REGISTER_PROBE` of `io_uring_register(2)`. Throws if
    /// the probe fails.
    public static List<Opcode> missing(Kernel kernel, Ring ring) throws ErrnoException {
        try (Arena call = Arena.ofConfined()) {
            MemorySegment probe = call.allocate(Abi.PROBE_BYTES + MAX * Abi.PROBE_OP_BYTES, 8);
            int result = kernel.ioUringRegister(ring.fd(), Abi.IORING_REGISTER_PROBE, probe, MAX);
            if (result < 0) {
                throw new ErrnoException("io_uring_register: " + Errno.describe(-result), -result);
            }
            return List.of(values()).stream().filter(operation -> !operation.isIn(probe)).toList();
        }
    }

    private boolean isIn(MemorySegment probe) {
        long at = Abi.PROBE_BYTES + (long) opcode * Abi.PROBE_OP_BYTES;
        return (probe.get(JAVA_SHORT, at + Abi.PROBE_OP_FLAGS) & Abi.IO_URING_OP_SUPPORTED) != 0;
    }
}

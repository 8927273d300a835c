package io.trale.uring;


/// The io_uring operations that trale uses, with their numbers in `enum io_uring_op` of `include/uapi/linux/io_uring.h`.
public enum Opcode {

    NOP(0), WRITEV(2), FSYNC(3), POLL_ADD(6), SENDMSG(9), RECVMSG(10), ACCEPT(13), ASYNC_CANCEL(14), CONNECT(16), OPENAT(18),
    CLOSE(19), STATX(21), READ(22), WRITE(23), SEND(26), RECV(27), PROVIDE_BUFFERS(31), MKDIRAT(37);

    private final int number;

    Opcode(int number) {
        this.number = number;
    }

    /// The number in an entry.
    public int number() {
        return number;
    }
}

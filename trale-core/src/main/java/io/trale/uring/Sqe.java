package io.trale.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/// A submission queue entry. The caller fills it in with exactly one of the `prep` methods, then [#userData].
///
/// A flyweight: the submission queue has one instance and points it at the entry to fill in. It is valid until the next call
/// of [io.trale.uring.SubmissionQueue#next]. Each `prep` method writes all 64 bytes, so an entry keeps no old content.
/// Addresses must stay valid until the last completion of the operation.
public final class Sqe {

    private final MemorySegment entries;
    private long at;

    Sqe(MemorySegment entries) {
        this.entries = entries;
    }

    Sqe pointAt(long offsetBytes) {
        at = offsetBytes;
        return this;
    }

    /// Sets the value that the completion carries back; see [io.trale.uring.CompletionQueue].
    public void userData(long userData) {
        entries.set(JAVA_LONG, at + 32, userData);
    }

    /// A no-op; completes at once with 0.
    public void prepNop() {
        prep(Opcode.NOP, 0, 0, -1, 0, 0, 0, 0, 0);
    }

    /// `recv(2)` of at most `lengthBytes` into memory at `address`.
    public void prepRecv(int fd, long address, int lengthBytes, int msgFlags) {
        prep(Opcode.RECV, 0, 0, fd, 0, address, lengthBytes, msgFlags, 0);
    }

    /// `recv(2)` into a buffer that the kernel picks from `group` when data arrives. Until then the receive holds no buffer.
    public void prepRecvSelect(int fd, int group, int msgFlags) {
        prep(Opcode.RECV, Abi.IOSQE_BUFFER_SELECT, 0, fd, 0, 0, 0, msgFlags, group);
    }

    /// Passes buffer `id` of `group` to the kernel: `IORING_OP_PROVIDE_BUFFERS`.
    public void prepProvideBuffer(long address, int lengthBytes, int group, int id) {
        prep(Opcode.PROVIDE_BUFFERS, 0, 0, 1, id, address, lengthBytes, 0, group); // one: the count is in `fd`
    }

    /// `send(2)`
    public void prepSend(int fd, long address, int lengthBytes, int msgFlags) {
        prep(Opcode.SEND, 0, 0, fd, 0, address, lengthBytes, msgFlags, 0);
    }

    /// `sendmsg(2)` of the `struct msghdr` at `headerAddress`.
    public void prepSendmsg(int fd, long headerAddress, int msgFlags) {
        prep(Opcode.SENDMSG, 0, 0, fd, 0, headerAddress, 1, msgFlags, 0);
    }

    /// `recvmsg(2)` into the `struct msghdr` at `headerAddress`.
    public void prepRecvmsg(int fd, long headerAddress, int msgFlags) {
        prep(Opcode.RECVMSG, 0, 0, fd, 0, headerAddress, 1, msgFlags, 0);
    }

    /// `recvmsg(2)` into a buffer that the kernel picks from `group` when a datagram arrives. The header has one vector; the
    /// kernel uses only its length.
    public void prepRecvmsgSelect(int fd, long headerAddress, int msgFlags, int group) {
        prep(Opcode.RECVMSG, Abi.IOSQE_BUFFER_SELECT, 0, fd, 0, headerAddress, 1, msgFlags, group);
    }

    /// `accept4(2)`. The kernel writes the peer's address at `address` and its length at `lengthAddress`, an `int` that
    /// holds the space at `address` before.
    public void prepAccept(int fd, long address, long lengthAddress, int flags) {
        prep(Opcode.ACCEPT, 0, 0, fd, lengthAddress, address, 0, flags, 0);
    }

    /// `connect(2)`
    public void prepConnect(int fd, long address, int addressBytes) {
        prep(Opcode.CONNECT, 0, 0, fd, addressBytes, address, 0, 0, 0);
    }

    /// `read(2)` at `offsetBytes`; -1 means the current file position.
    public void prepRead(int fd, long address, int lengthBytes, long offsetBytes) {
        prep(Opcode.READ, 0, 0, fd, offsetBytes, address, lengthBytes, 0, 0);
    }

    /// `write(2)` at `offsetBytes`; -1 means the current file position.
    public void prepWrite(int fd, long address, int lengthBytes, long offsetBytes) {
        prep(Opcode.WRITE, 0, 0, fd, offsetBytes, address, lengthBytes, 0, 0);
    }

    /// `writev(2)` of the `count` vectors at `vectorsAddress`, at `offsetBytes`; -1 means the current file position.
    public void prepWritev(int fd, long vectorsAddress, int count, long offsetBytes) {
        prep(Opcode.WRITEV, 0, 0, fd, offsetBytes, vectorsAddress, count, 0, 0);
    }

    /// `openat(2)`; the path ends with a zero byte.
    public void prepOpenat(int directory, long pathAddress, int flags, int mode) {
        prep(Opcode.OPENAT, 0, 0, directory, 0, pathAddress, mode, flags, 0);
    }

    /// `mkdirat(2)`; the path ends with a zero byte.
    public void prepMkdirat(int directory, long pathAddress, int mode) {
        prep(Opcode.MKDIRAT, 0, 0, directory, 0, pathAddress, mode, 0, 0);
    }

    /// `close(2)` on a kernel worker thread, so a close that blocks does not block [io.trale.uring.Ring#enter].
    public void prepClose(int fd) {
        prep(Opcode.CLOSE, Abi.IOSQE_ASYNC, 0, fd, 0, 0, 0, 0, 0);
    }

    /// `statx(2)` of the path at `pathAddress`, relative to `fd`. The kernel writes a `struct statx` at `statxAddress`.
    public void prepStatx(int fd, long pathAddress, int flags, int mask, long statxAddress) {
        prep(Opcode.STATX, 0, 0, fd, statxAddress, pathAddress, mask, flags, 0);
    }

    /// `fsync(2)`, or `fdatasync(2)` with `IORING_FSYNC_DATASYNC`.
    public void prepFsync(int fd, int flags) {
        prep(Opcode.FSYNC, 0, 0, fd, 0, 0, 0, flags, 0);
    }

    /// `poll(2)` for one readiness event.
    public void prepPoll(int fd, int events) {
        prep(Opcode.POLL_ADD, 0, 0, fd, 0, 0, 0, events, 0);
    }

    /// `poll(2)` for every readiness event, until a completion without `IORING_CQE_F_MORE`.
    public void prepPollMultishot(int fd, int events) {
        prep(Opcode.POLL_ADD, 0, 0, fd, 0, 0, Abi.IORING_POLL_ADD_MULTI, events, 0);
    }

    /// Requests cancellation of the operation submitted with `targetUserData`. The target has ended only when its own last
    /// completion arrives; the completion of the cancel does not prove that.
    public void prepCancel(long targetUserData) {
        prep(Opcode.ASYNC_CANCEL, 0, 0, -1, 0, targetUserData, 0, 0, 0);
    }

    private void prep(Opcode opcode, int flags, int ioPriority, int fd, long offset, long address, int length, int opFlags,
            int bufferGroup) {
        MemorySegment e = entries;
        long at = this.at;
        e.set(JAVA_LONG, at, opcode.number() | flags << 8 | ioPriority << 16 | (long) fd << 32);
        e.set(JAVA_LONG, at + 8, offset);
        e.set(JAVA_LONG, at + 16, address);
        e.set(JAVA_LONG, at + 24, length & 0xffffffffL | (long) opFlags << 32);
        e.set(JAVA_LONG, at + 32, 0);
        e.set(JAVA_LONG, at + 40, bufferGroup);
        e.set(JAVA_LONG, at + 48, 0);
        e.set(JAVA_LONG, at + 56, 0);
    }
}

package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.util.List;

/// An operation in flight: from the submission of its entry to its last completion.
///
/// It is attempted on submission, or a little later, and again each time its file may have become ready.
abstract class SimOperation {

    /// The result of an attempt that must wait.
    static final int PENDING = Integer.MIN_VALUE;

    final SimRing ring;
    final SimKernel kernel;
    final Entry entry;
    final SimFile file;

    /// An attempt is scheduled.
    private boolean waking;
    private boolean waiting;
    private boolean ended;
    /// A kernel worker executes the operation, and checks for a cancel only at the end.
    boolean busy;
    boolean cancelled;

    SimOperation(SimRing ring, Entry entry, SimFile file) {
        this.ring = ring;
        this.kernel = ring.kernel;
        this.entry = entry;
        this.file = file;
    }

    /// The operation of `entry` on `file`.
    static SimOperation of(SimRing ring, Entry entry, SimFile file) {
        boolean selects = entry.opcode() == Opcode.RECV || entry.opcode() == Opcode.RECVMSG;
        int flags = entry.flags() & ~Abi.IOSQE_ASYNC; // has no effect that a program could observe
        if (entry.ioPriority() != 0 || flags != 0 && !(selects && flags == Abi.IOSQE_BUFFER_SELECT)) {
            return new Refused(ring, entry, file, Errno.EINVAL);
        }
        return switch (entry.opcode()) {
            case NOP -> new Nop(ring, entry, file);
            case POLL_ADD -> new Poll(ring, entry, file);
            case READ -> new Read(ring, entry, file);
            case WRITE -> new Write(ring, entry, file);
            case FSYNC -> new Fsync(ring, entry, file);
            case OPENAT -> new Open(ring, entry, file);
            case MKDIRAT -> new Mkdir(ring, entry, file);
            case CLOSE -> new Close(ring, entry, file);
            case STATX -> new Statx(ring, entry, file);
            case null, default -> switch (file) {
                case SimTcp tcp -> onTcp(ring, entry, tcp);
                case SimUdp udp -> onUdp(ring, entry, udp);
                default -> new Refused(ring, entry, file, SimErrno.ENOTSOCK);
            };
        };
    }

    private static SimOperation onTcp(SimRing ring, Entry entry, SimTcp socket) {
        return switch (entry.opcode()) {
            case RECV -> new Receive(ring, entry, socket);
            case SEND ->
                new Send(ring, entry, socket, List.of(new Vector(entry.address(), entry.length())));
            case SENDMSG -> new Send(ring, entry, socket, Message.at(entry.address(), ring.kernel.shadow).vectors());
            case ACCEPT -> new Accept(ring, entry, socket);
            case CONNECT -> new Connect(ring, entry, socket);
            case null, default -> throw ring.kernel.failed("not simulated for TCP: " + entry);
        };
    }

    private static SimOperation onUdp(SimRing ring, Entry entry, SimUdp socket) {
        return switch (entry.opcode()) {
            case RECVMSG -> new ReceiveMessage(ring, entry, socket);
            case SENDMSG -> new SendMessage(ring, entry, socket);
            case CONNECT -> new Connect(ring, entry, socket);
            case null, default -> throw ring.kernel.failed("not simulated for UDP: " + entry);
        };
    }

    /// Attempts the operation. Returns the result, or [#PENDING].
    abstract int attempt();

    /// The readiness after which to attempt again: `POLL*`.
    abstract int interest();

    /// The flags of the completion, after an attempt that returned a result.
    int completionFlags() {
        return 0;
    }

    /// The result if the operation is cancelled while it waits.
    int resultWhenCancelled() {
        return -Errno.ECANCELED;
    }

    /// Claims the memory that the operation accesses while in flight.
    void claimMemory(ShadowMemory shadow) {}

    final boolean isOver() {
        return ended;
    }

    /// The file may have become ready.
    final void wake() {
        if (!waking && !ended && (file.poll() & (interest() | Net.POLLERR | Net.POLLHUP)) != 0) {
            waking = true;
            kernel.soon(() -> ring.addWork(this));
        }
    }

    /// Attempts the operation; then completes it or waits.
    final void run() {
        if (ended) {
            return;
        }
        waking = false;
        busy = false;
        int result = PENDING;
        if (!cancelled || kernel.dice.fault(Fault.LOST_CANCEL)) {
            result = attempt();
        }
        if (result == PENDING && cancelled) {
            end(resultWhenCancelled(), 0);
        } else if (result != PENDING) {
            end(result, completionFlags());
        } else if (!waiting) {
            waiting = true;
            file.await(this);
        }
    }

    final void end(int result, int flags) {
        ended = true;
        if (waiting) {
            file.forget(this);
        }
        ring.ended(this, result, flags);
    }

    @Override
    public String toString() {
        return getClass().getSimpleName().toLowerCase() + "(fd=" + entry.fd() + ", user_data=0x"
                + Long.toHexString(entry.userData()) + ", " + (file == ring ? "ring" : file) + ")";
    }
}

package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.util.List;

/// An operation in flight: from the submission of its entry to its last completion.
///
/// It is attempted when it is submitted, or a little later, and again each time its file may have become ready.
abstract class SimOperation {

    /// What an attempt returns that has to wait.
    static final int PENDING = Integer.MIN_VALUE;

    final SimRing ring;
    final SimKernel kernel;
    final Entry entry;
    final SimFile file;

    /// A look at the file is on its way: no second one is needed.
    private boolean waking;
    private boolean waiting;
    private boolean ended;
    /// A worker of the kernel has it, and looks at the end only whether it was cancelled.
    boolean busy;
    boolean cancelled;

    SimOperation(SimRing ring, Entry entry, SimFile file) {
        this.ring = ring;
        this.kernel = ring.kernel;
        this.entry = entry;
        this.file = file;
    }

    /// What `entry` asks for on `file`.
    static SimOperation of(SimRing ring, Entry entry, SimFile file) {
        boolean selects = entry.opcode() == Opcode.RECV || entry.opcode() == Opcode.RECVMSG;
        int flags = entry.flags() & ~Abi.IOSQE_ASYNC; // which it may be in any case, for all that a program can tell
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

    /// Does what can be done now. Returns the result, or [#PENDING].
    abstract int attempt();

    /// Which readiness is worth an attempt: `POLL*`.
    abstract int interest();

    /// The flags of the completion whose result the last attempt returned.
    int completionFlags() {
        return 0;
    }

    /// The result when it is cancelled before it had a full one.
    int resultWhenCancelled() {
        return -Errno.ECANCELED;
    }

    /// Claims the memory that it will touch while in flight.
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

    /// Attempts, and completes or waits.
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

package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.linux.SocketAddresses;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;

/// A `struct msghdr` of the program, as it was when its entry was submitted.
record Message(long address, long name, int nameBytes, List<Vector> vectors, long control, long controlBytes) {

    private static final int NAME_BYTES = 8;
    private static final int VECTORS = 16;
    private static final int VECTOR_COUNT = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_BYTES = 40;
    private static final int FLAGS = 48;
    private static final int BYTES = 56;

    /// The one at `address`; all that is read when the entry is submitted must be lent by then.
    static Message at(long address, ShadowMemory shadow) {
        shadow.checkLent("a message", address, BYTES);
        List<Vector> vectors = Vector.array(SimMemory.getLong(address + VECTORS), SimMemory.getLong(address + VECTOR_COUNT));
        return new Message(address, SimMemory.getLong(address), SimMemory.getInt(address + NAME_BYTES), vectors,
                SimMemory.getLong(address + CONTROL), SimMemory.getLong(address + CONTROL_BYTES));
    }

    /// Claims what a receive writes to, apart from the vectors if the buffer is picked from a group.
    void claimToReceive(Object owner, ShadowMemory shadow, boolean withVectors) {
        shadow.claim(owner, address, BYTES, true);
        if (name != 0) {
            shadow.claim(owner, name, nameBytes, true);
        }
        if (control != 0) {
            shadow.claim(owner, control, controlBytes, true);
        }
        if (withVectors) {
            vectors.forEach(vector -> shadow.claim(owner, vector.address(), vector.length(), true));
        }
    }

    /// Claims what a send reads while it is in flight; the rest was read already.
    void claimToSend(Object owner, ShadowMemory shadow) {
        if (name != 0) {
            shadow.checkLent(owner, name, nameBytes);
        }
        vectors.forEach(vector -> shadow.claim(owner, vector.address(), vector.length(), false));
    }

    /// The name, or null if there is none.
    InetSocketAddress decodeName() {
        return name == 0 ? null : SocketAddresses.decode(SimMemory.at(name, nameBytes));
    }

    void encodeName(InetSocketAddress sender) {
        if (name != 0) {
            MemorySegment storage = MemorySegment.ofArray(new long[SocketAddresses.MAX_BYTES / Long.BYTES]);
            int length = SocketAddresses.encode(sender, storage);
            SimMemory.write(name, storage.asSlice(0, Math.min(length, nameBytes)).toArray(JAVA_BYTE));
            SimMemory.setInt(address + NAME_BYTES, length);
        }
    }

    void setFlags(int flags) {
        SimMemory.setInt(address + FLAGS, flags);
    }

    /// Says how much control data there is.
    void setControlBytes(long bytes) {
        SimMemory.setLong(address + CONTROL_BYTES, bytes);
    }
}

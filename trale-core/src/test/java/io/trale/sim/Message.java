package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.linux.SocketAddresses;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;

/// A `struct msghdr` of the program, read when its entry was submitted.
record Message(long address, long name, int nameBytes, List<Vector> vectors, long control, long controlBytes) {

    private static final int NAME_BYTES = 8;
    private static final int VECTORS = 16;
    private static final int VECTOR_COUNT = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_BYTES = 40;
    private static final int FLAGS = 48;
    private static final int BYTES = 56;

    /// Reads the header at `address`, which the kernel must own.
    static Message at(long address, ShadowMemory shadow) {
        shadow.checkOwnedByKernel("a message", address, BYTES);
        List<Vector> vectors = Vector.array(SimMemory.getLong(address + VECTORS), SimMemory.getLong(address + VECTOR_COUNT));
        return new Message(address, SimMemory.getLong(address), SimMemory.getInt(address + NAME_BYTES), vectors,
                SimMemory.getLong(address + CONTROL), SimMemory.getLong(address + CONTROL_BYTES));
    }

    /// Claims the memory that a receive writes: without the vectors if it selects a buffer.
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

    /// Claims the memory that a send reads while in flight. Header and address were read on submission.
    void claimToSend(Object owner, ShadowMemory shadow) {
        if (name != 0) {
            shadow.checkOwnedByKernel(owner, name, nameBytes);
        }
        vectors.forEach(vector -> shadow.claim(owner, vector.address(), vector.length(), false));
    }

    /// The address in the header, or null if there is none.
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

    /// Sets the length of the control data.
    void setControlBytes(long bytes) {
        SimMemory.setLong(address + CONTROL_BYTES, bytes);
    }
}

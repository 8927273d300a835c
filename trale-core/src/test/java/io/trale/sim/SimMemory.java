package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// Access to memory by address, as a kernel has it.
final class SimMemory {

    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final VarHandle SHORT = JAVA_SHORT.varHandle();

    // SAFETY: not safe by itself. Addresses come from mappings of this kernel, or from entries of operations in flight, whose
    // memory the code under test must keep: that is what the tests check.
    private static final MemorySegment ALL = all();

    private SimMemory() {}

    @SuppressWarnings("restricted")
    private static MemorySegment all() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    static MemorySegment at(long address, long bytes) {
        return ALL.asSlice(address, bytes);
    }

    static int getInt(long address) {
        return ALL.get(JAVA_INT, address);
    }

    static void setInt(long address, int value) {
        ALL.set(JAVA_INT, address, value);
    }

    static int getIntAcquire(long address) {
        return (int) INT.getAcquire(ALL, address);
    }

    static void setIntRelease(long address, int value) {
        INT.setRelease(ALL, address, value);
    }

    static short getShortAcquire(long address) {
        return (short) SHORT.getAcquire(ALL, address);
    }

    static short getShort(long address) {
        return ALL.get(JAVA_SHORT, address);
    }

    static long getLong(long address) {
        return ALL.get(JAVA_LONG, address);
    }

    static void setLong(long address, long value) {
        ALL.set(JAVA_LONG, address, value);
    }

    static String getString(long address) {
        return ALL.getString(address);
    }

    static byte[] read(long address, int bytes) {
        return at(address, bytes).toArray(JAVA_BYTE);
    }

    static void write(long address, byte[] bytes) {
        MemorySegment.copy(bytes, 0, ALL, JAVA_BYTE, address, bytes.length);
    }
}

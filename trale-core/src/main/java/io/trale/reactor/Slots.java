package io.trale.reactor;

import java.util.Arrays;

/// The operations that the kernel knows, by the slot index in their `user_data`.
///
/// `user_data` = generation << 32 | slot index. The generation of a slot changes each time it is freed. So a late completion,
/// of an operation that has ended, is not mistaken for one of the next operation in that slot.
class Slots {

    private Operation[] operations = new Operation[64];
    private int[] generations = new int[64];
    private int[] free = new int[64];
    private int freeCount;
    private int used;

    Slots() {
        release(0, 64);
    }

    /// Puts `operation` in a slot; returns its `user_data`.
    long put(Operation operation) {
        if (freeCount == 0) {
            grow();
        }
        int slot = free[--freeCount];
        operations[slot] = operation;
        used++;
        return (long) generations[slot] << 32 | slot;
    }

    /// Changes nothing if there is no memory for all three arrays.
    private void grow() {
        int before = operations.length;
        Operation[] moreOperations = Arrays.copyOf(operations, 2 * before);
        int[] moreGenerations = Arrays.copyOf(generations, 2 * before);
        free = Arrays.copyOf(free, 2 * before);
        operations = moreOperations;
        generations = moreGenerations;
        release(before, 2 * before);
    }

    /// The operation of `userData`, or null if it has ended or never was.
    Operation get(long userData) {
        int slot = (int) userData;
        return slot >= 0 && slot < operations.length && generations[slot] == (int) (userData >>> 32)
                ? operations[slot] : null;
    }

    /// Frees the slot of `userData`, which is in use.
    void remove(long userData) {
        int slot = (int) userData;
        if (operations[slot] == null) {
            throw new IllegalStateException("slot " + slot + " is free already");
        }
        operations[slot] = null;
        generations[slot] = generations[slot] + 1 & Integer.MAX_VALUE; // never negative: negative user_data are reserved
        free[freeCount++] = slot;
        used--;
    }

    /// How many operations the kernel knows.
    int used() {
        return used;
    }

    /// A snapshot of the operations in use.
    Operation[] toArray() {
        return Arrays.stream(operations).filter(o -> o != null).toArray(Operation[]::new);
    }

    private void release(int from, int to) {
        for (int slot = to - 1; slot >= from; slot--) {
            free[freeCount++] = slot;
        }
    }
}

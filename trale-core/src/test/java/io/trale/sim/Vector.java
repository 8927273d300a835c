package io.trale.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A `struct iovec` of the program.
record Vector(long address, int length) {

    private static final int BYTES = 16;

    /// The `count` vectors at `address`.
    static List<Vector> array(long address, long count) {
        List<Vector> vectors = new ArrayList<>();
        for (long at = address; at < address + count * BYTES; at += BYTES) {
            vectors.add(new Vector(SimMemory.getLong(at), Math.toIntExact(SimMemory.getLong(at + 8))));
        }
        return vectors;
    }

    static int length(List<Vector> vectors) {
        return vectors.stream().mapToInt(Vector::length).sum();
    }

    /// The bytes of all `vectors`.
    static byte[] gather(List<Vector> vectors) {
        byte[] bytes = new byte[length(vectors)];
        int done = 0;
        for (Vector vector : vectors) {
            System.arraycopy(SimMemory.read(vector.address, vector.length), 0, bytes, done, vector.length);
            done += vector.length;
        }
        return bytes;
    }

    /// Writes `bytes` to `vectors`, as many as fit.
    static void scatter(List<Vector> vectors, byte[] bytes) {
        int done = 0;
        for (Vector vector : vectors) {
            int count = Math.min(vector.length, bytes.length - done);
            SimMemory.write(vector.address, Arrays.copyOfRange(bytes, done, done + count));
            done += count;
        }
    }
}

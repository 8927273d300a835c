package io.trale.reactive.tls;

import java.nio.ByteBuffer;

/// Memory of a thread for what is on its way between two places, and stays in neither. On the heap, where ciphers are fast.
public final class Scratch {

    /// The plaintext of one batch, which may not fit into its records: the rest is for the next batch.
    static final int PLAINTEXT_BYTES = 3 * (16 << 10);
    static final int RECORDS_BYTES = 64 << 10;

    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private final ByteBuffer plaintext = ByteBuffer.allocate(PLAINTEXT_BYTES);
    private final ByteBuffer records = ByteBuffer.allocate(RECORDS_BYTES);

    private Scratch() {}

    /// Empty, for plaintext. Valid until the next call on this thread.
    public static ByteBuffer plaintext() {
        return OF_THREAD.get().plaintext.clear();
    }

    /// Empty, for records. Valid until the next call on this thread.
    public static ByteBuffer records() {
        return OF_THREAD.get().records.clear();
    }
}

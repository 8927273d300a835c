package io.trale.reactive.tls;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/// The sending half of a connection's TLS: one batch of records that the kernel has not taken yet.
///
/// Records cannot be taken back, so a batch is made only when the one before it is gone, and right before it is sent: no more
/// plaintext is sealed than that. Control records are a batch of their own, before any plaintext. Loop thread only.
public final class SealedOutput {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final RecordLayer records;
    /// From its position to its limit.
    private ByteBuffer batch = NOTHING;
    private int plaintextBytes;
    private boolean open;
    private boolean closed;

    public SealedOutput(RecordLayer records) {
        this.records = records;
    }

    /// The handshake is done: from now on plaintext is sealed.
    public void open() {
        open = true;
    }

    /// Ends our side. Returns true if a close_notify alert is to be sent now.
    public boolean close() {
        if (closed) {
            return false;
        }
        closed = true;
        try {
            records.closeOutput();
        } catch (IOException e) {
            return false; // of an engine that has failed
        }
        return records.hasControl();
    }

    /// True if there are records to send, or if some can be made of plaintext.
    public boolean canSend(boolean hasPlaintext) {
        return batch.hasRemaining() || records.hasControl() || hasPlaintext && open && !records.needsTasks();
    }

    /// How many bytes of plaintext the batch was made of.
    public int plaintextBytes() {
        return plaintextBytes;
    }

    /// Copies plaintext.
    @FunctionalInterface
    public interface Source {

        /// Copies as much as fits from the position of `to` on, which moves.
        void copy(ByteBuffer to);
    }

    /// Copies the rest of the batch to `block`, as much as fits, and returns how much that is. A batch is made before if there is
    /// none: of control records, or of what `source` copies.
    public int copyTo(MemorySegment block, Source source) throws IOException {
        if (!batch.hasRemaining()) {
            seal(source);
        }
        int count = (int) Math.min(batch.remaining(), block.byteSize());
        MemorySegment.copy(batch.array(), batch.position(), block, ValueLayout.JAVA_BYTE, 0, count);
        return count;
    }

    private void seal(Source source) throws IOException {
        if (records.hasControl()) {
            batch = records.takeControl();
            return;
        }
        ByteBuffer plaintext = Scratch.plaintext();
        source.copy(plaintext);
        plaintext.flip();
        ByteBuffer sealed = Scratch.records();
        while (plaintext.hasRemaining() && sealed.remaining() >= records.recordBytes()
                && records.write(plaintext, sealed)) {}
        plaintextBytes = plaintext.position();
        sealed.flip();
        batch = ByteBuffer.allocate(sealed.remaining()).put(sealed).flip();
    }

    /// The kernel has taken `count` bytes. Returns how many bytes of plaintext have gone out with that: all of the batch's with its last
    /// byte, and none before.
    public int taken(int count) {
        batch.position(batch.position() + count);
        if (batch.hasRemaining()) {
            return 0;
        }
        batch = NOTHING;
        int gone = plaintextBytes;
        plaintextBytes = 0;
        return gone;
    }
}

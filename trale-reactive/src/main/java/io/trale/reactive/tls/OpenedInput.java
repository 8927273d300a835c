package io.trale.reactive.tls;

import io.trale.reactive.buffer.Unread;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// The receiving half of a connection's TLS: it makes plaintext of the bytes of the peer when somebody demands it, and not
/// before. Loop thread only.
public final class OpenedInput {

    /// What is needed before there can be more plaintext.
    public enum Need {
        /// More bytes of the peer.
        BYTES,
        /// The tasks of the engine.
        TASKS,
        /// Room for answers: those that wait have to be sent first.
        OUTPUT,
        /// Nothing helps: see [#failure]. The stream is over.
        NOTHING
    }

    private final RecordLayer records;
    private final boolean truncationAllowed;
    private boolean bytesOver;
    private boolean truncated;
    private @Nullable IOException failure;

    public OpenedInput(RecordLayer records, boolean truncationAllowed) {
        this.records = records;
        this.truncationAllowed = truncationAllowed;
    }

    /// Bytes of the peer, which are copied.
    public void add(MemorySegment received, int length) {
        records.add(received, length);
    }

    /// No more bytes follow. `byPeer` says that the peer has ended them, not this side.
    public void end(boolean byPeer) {
        bytesOver = true;
        truncated = byPeer && !truncationAllowed;
    }

    /// Why the stream is over; null if it has ended in an orderly way.
    public @Nullable IOException failure() {
        return failure;
    }

    /// True if answers to the peer wait to be sent.
    public boolean hasAnswers() {
        return records.hasControl();
    }

    /// Appends the plaintext of the next records to `head`. Returns null, or what it needs if it could append nothing.
    public @Nullable Need read(Unread head) {
        ByteBuffer plaintext = Scratch.records(); // the largest
        if (plaintext.capacity() < records.plaintextBytes()) {
            plaintext = ByteBuffer.allocate(records.plaintextBytes());
        }
        while (failure == null) {
            try {
                switch (records.read(plaintext)) {
                    case PLAINTEXT -> {
                        head.add(MemorySegment.ofArray(plaintext.array()), plaintext.position());
                        return null;
                    }
                    case NEEDS_TASKS -> {
                        return Need.TASKS;
                    }
                    case NEEDS_OUTPUT -> {
                        return Need.OUTPUT;
                    }
                    case END -> {
                        return Need.NOTHING;
                    }
                    case NEEDS_INPUT -> {
                        if (!bytesOver) {
                            return Need.BYTES;
                        }
                        if (truncated) {
                            failure = new SSLException("the stream of the peer ended without a close_notify alert: "
                                    + "it may have been cut off on the way (see TlsOptions.allowTruncation)");
                        }
                        return Need.NOTHING;
                    }
                    case HANDSHAKE_DONE -> { }
                }
            } catch (SSLException e) {
                failure = e;
            }
        }
        return Need.NOTHING;
    }
}

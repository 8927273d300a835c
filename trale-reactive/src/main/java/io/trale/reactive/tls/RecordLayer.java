package io.trale.reactive.tls;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// The record protocol of one connection: bytes of the peer in, plaintext out, and the reverse. It does no I/O, has no
/// thread, and never looks at a clock. See RFC 8446, 5, and [SSLEngine].
///
/// ```
///            add() ->  input  -> read()  -> plaintext
///   kernel                                                application
///         output() <- control <- write() <- plaintext
/// ```
///
/// **Input** holds what the kernel brought and no record was made of: at most a record that is not complete, and one receive.
/// **Control** holds records that the engine makes by itself: handshake, alerts, key updates. They are sent before any
/// plaintext that is written later. Reading stops while more than [#MAX_CONTROL_BYTES] of them wait, so that a peer that makes
/// us answer and does not read is not read either.
///
/// Not thread-safe; delegated tasks alone may run elsewhere, and neither reading nor writing makes progress meanwhile.
public final class RecordLayer {

    /// What [#read] has come to.
    public enum Progress {
        /// There is plaintext.
        PLAINTEXT,
        /// More bytes of the peer are needed.
        NEEDS_INPUT,
        /// The tasks of [#nextTask] have to be run first.
        NEEDS_TASKS,
        /// The control records have to be sent first.
        NEEDS_OUTPUT,
        /// The handshake has ended. This is reported once, before any plaintext.
        HANDSHAKE_DONE,
        /// The peer has ended its side by a close_notify alert.
        END
    }

    static final int MAX_CONTROL_BYTES = 64 << 10;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SSLEngine engine;
    /// From its position to its limit; [#NOTHING] if there is none, so that an idle connection holds no memory.
    private ByteBuffer input = NOTHING;
    /// Likewise.
    private ByteBuffer control = NOTHING;
    private boolean handshakeDone;
    private boolean handshakeReported;
    /// What every later [#read] fails with.
    private @Nullable SSLException failure;

    /// `engine` has its mode and its parameters, and has not begun its handshake.
    public RecordLayer(SSLEngine engine) throws SSLException {
        this.engine = engine;
        engine.beginHandshake();
    }

    public SSLSession session() {
        return engine.getSession();
    }

    /// The protocol that ALPN has chosen; empty if there is none.
    public String applicationProtocol() {
        return Objects.requireNonNullElse(engine.getApplicationProtocol(), "");
    }

    /// The least room for plaintext that [#read] needs, in bytes.
    public int plaintextBytes() {
        return engine.getSession().getApplicationBufferSize();
    }

    /// The least room for a record that [#write] needs, in bytes.
    public int recordBytes() {
        return engine.getSession().getPacketBufferSize();
    }

    // ---- from the peer

    /// Appends the first `length` bytes of `received`, copied.
    public void add(MemorySegment received, int length) {
        input = roomFor(input, length);
        MemorySegment.copy(received, ValueLayout.JAVA_BYTE, 0, input.array(), input.limit(), length);
        input.limit(input.limit() + length);
    }

    /// `buffer`, or a copy of what it holds, with room for `length` bytes behind its limit.
    private static ByteBuffer roomFor(ByteBuffer buffer, int length) {
        if (buffer.capacity() - buffer.limit() >= length) {
            return buffer;
        }
        return ByteBuffer.allocate(buffer.remaining() + length).put(buffer).flip();
    }

    /// Reads records until `plaintext` has no room for one more, which it must have at first, or something else is needed.
    /// Fails with [SSLException] if the peer has broken the protocol; an alert that says so is among the control records.
    public Progress read(ByteBuffer plaintext) throws SSLException {
        int start = plaintext.position();
        try {
            return readRecords(plaintext, start);
        } catch (SSLException e) {
            if (failure == null) {
                failure = e;
                wrapControl(); // the alert
            }
            if (plaintext.position() == start) {
                throw e;
            }
            return Progress.PLAINTEXT;
        } finally {
            if (!input.hasRemaining()) {
                input = NOTHING;
            }
        }
    }

    private Progress readRecords(ByteBuffer plaintext, int start) throws SSLException {
        if (failure != null) {
            throw failure;
        }
        while (true) {
            Progress needed = beforeReading();
            if (needed == null) {
                needed = result(engine.unwrap(input, plaintext));
            }
            if (handshakeDone && !handshakeReported) {
                handshakeReported = true;
                return Progress.HANDSHAKE_DONE;
            }
            if (needed != null) {
                return plaintext.position() == start ? needed : Progress.PLAINTEXT;
            }
        }
    }

    /// What has to be done before a record can be read; null if nothing.
    private @Nullable Progress beforeReading() throws SSLException {
        if (control.remaining() > MAX_CONTROL_BYTES) {
            return Progress.NEEDS_OUTPUT;
        }
        return switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> {
                refuseRenegotiation();
                yield Progress.NEEDS_TASKS;
            }
            case NEED_WRAP -> {
                wrapControl();
                yield null;
            }
            default -> engine.isInboundDone() ? Progress.END : null;
        };
    }

    private @Nullable Progress result(SSLEngineResult result) throws SSLException {
        note(result);
        return switch (result.getStatus()) {
            case OK -> null;
            case BUFFER_UNDERFLOW -> Progress.NEEDS_INPUT;
            case BUFFER_OVERFLOW -> Progress.PLAINTEXT; // of the records before this one
            case CLOSED -> {
                wrapControl(); // TLS 1.2 answers, and ends our side with that
                yield Progress.END;
            }
        };
    }

    private void note(SSLEngineResult result) {
        handshakeDone |= result.getHandshakeStatus() == HandshakeStatus.FINISHED;
    }

    /// TLS 1.3 has none. Earlier versions let the peer begin another handshake at any time, which has been attacked more
    /// often than used.
    private void refuseRenegotiation() throws SSLException {
        if (handshakeDone && !engine.getSession().getProtocol().equals("TLSv1.3")) {
            engine.closeOutbound();
            throw new SSLException("the peer began another handshake, which is not supported");
        }
    }

    /// The next task that must be run, on any thread; null if there is none. Once all of them have been run, reading and
    /// writing go on.
    public @Nullable Runnable nextTask() {
        return engine.getDelegatedTask();
    }

    /// True while tasks have to be run.
    public boolean needsTasks() {
        return engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK;
    }

    /// True if the peer has ended its side by a close_notify alert. If its bytes end without one, somebody may have cut them off.
    public boolean isInputClosed() {
        return engine.isInboundDone();
    }

    // ---- to the peer

    /// Makes one record of bytes of `plaintext`, and appends it to `records`. Returns false, and takes nothing, if control records
    /// have to be sent before, or tasks have to be run.
    public boolean write(ByteBuffer plaintext, ByteBuffer records) throws SSLException {
        while (true) {
            if (control.hasRemaining() || needsTasks()) {
                return false;
            }
            if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                wrapControl(); // a key update
                continue;
            }
            int before = plaintext.remaining();
            SSLEngineResult result = engine.wrap(plaintext, records);
            note(result);
            switch (result.getStatus()) {
                case OK -> {
                    if (plaintext.remaining() < before) {
                        return true;
                    }
                }
                case CLOSED -> throw new SSLException("the TLS session was closed by the peer");
                default -> throw new IllegalStateException("no room for a record: " + result);
            }
        }
    }

    /// Ends our side: a close_notify alert is among the control records.
    public void closeOutput() throws SSLException {
        engine.closeOutbound();
        wrapControl();
    }

    /// True once [#closeOutput] was called, or the peer's end has ended our side as well, as in TLS 1.2.
    public boolean isOutputClosed() {
        return engine.isOutboundDone();
    }

    public boolean hasControl() {
        return control.hasRemaining();
    }

    /// The control records, which belong to the caller from now on.
    public ByteBuffer takeControl() {
        ByteBuffer taken = control;
        control = NOTHING;
        return taken;
    }

    /// Appends all records that the engine wants to send by itself.
    private void wrapControl() throws SSLException {
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            control = roomFor(control, recordBytes());
            ByteBuffer room = control.duplicate().clear().position(control.limit());
            SSLEngineResult result = engine.wrap(NOTHING.duplicate(), room);
            control.limit(room.position());
            note(result);
            if (result.getStatus() == Status.CLOSED) {
                return;
            }
        }
    }
}

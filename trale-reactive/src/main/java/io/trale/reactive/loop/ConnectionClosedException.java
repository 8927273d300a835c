package io.trale.reactive.loop;

import io.trale.reactor.Descriptor;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/// A [ClosedChannelException] that names what was closed. It has no stack trace: one of the loop would name no code of the user.
public final class ConnectionClosedException extends ClosedChannelException {

    private static final long serialVersionUID = 1L;

    private final String message;
    /// What was closed; null for the loop and all that is on it.
    private final transient @Nullable Descriptor descriptor;

    public ConnectionClosedException(@Nullable Descriptor descriptor, String message) {
        this.message = message;
        this.descriptor = descriptor;
    }

    /// True if `descriptor` was closed, itself or with its loop.
    public boolean isOf(Descriptor descriptor) {
        return this.descriptor == null || this.descriptor == descriptor;
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }

    @Override
    public String getMessage() {
        return message;
    }
}

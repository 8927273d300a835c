package io.trale.reactive;

import java.nio.channels.ClosedChannelException;

/// A [ClosedChannelException] that says what was closed.
final class ConnectionClosedException extends ClosedChannelException {

    private static final long serialVersionUID = 1L;

    private final String message;

    ConnectionClosedException(String message) {
        this.message = message;
    }

    @Override
    public String getMessage() {
        return message;
    }
}

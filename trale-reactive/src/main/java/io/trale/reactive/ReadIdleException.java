package io.trale.reactive;

import java.net.SocketTimeoutException;

/// A receive brought nothing for as long as [Connection#readIdle] allows. The connection is still open. Has no stack trace:
/// the loop makes it, so a trace would name no code of the user.
public final class ReadIdleException extends SocketTimeoutException {

    private static final long serialVersionUID = 1L;

    /// An exception whose `message` names the operation, the connection and the limit.
    public ReadIdleException(String message) {
        super(message);
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}

package io.trale.reactive;

import java.net.SocketTimeoutException;

/// A receive brought no byte for as long as [Connection#readIdle] allows. The connection is still open. Has no stack trace: the
/// loop creates it, so a trace would contain no user code.
public final class ReadIdleException extends SocketTimeoutException {

    private static final long serialVersionUID = 1L;

    /// `message` names the operation, the connection and the limit.
    public ReadIdleException(String message) {
        super(message);
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}

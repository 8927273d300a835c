package io.trale.future;

import java.io.IOException;

/// A system call or an operation of the ring failed: says which, on what, and with which error number.
///
/// The message reads `recv(fd=7, 127.0.0.1:41000): ECONNRESET, connection reset by peer`.
public final class ErrnoException extends IOException {

    private static final long serialVersionUID = 1L;

    private final int errno;

    /// `message` names the operation and its descriptor and ends with the error; `errno` is positive, as in `errno(3)`.
    public ErrnoException(String message, int errno) {
        super(message);
        this.errno = errno;
    }

    /// The error number, positive, as `errno(3)` lists it: 104 is `ECONNRESET`.
    public int errno() {
        return errno;
    }
}

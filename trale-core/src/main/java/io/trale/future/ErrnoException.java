package io.trale.future;

import java.io.IOException;

/// Thrown if a system call or an io_uring operation fails.
///
/// The message reads `recv(fd=7, 127.0.0.1:41000): ECONNRESET, connection reset by peer`.
public final class ErrnoException extends IOException {

    private static final long serialVersionUID = 1L;

    private final int errno;

    /// `message` names the operation, its descriptor and the error. `errno` is positive, as in `errno(3)`.
    public ErrnoException(String message, int errno) {
        super(message);
        this.errno = errno;
    }

    /// The positive error number, as in `errno(3)`: 104 is `ECONNRESET`.
    public int errno() {
        return errno;
    }
}

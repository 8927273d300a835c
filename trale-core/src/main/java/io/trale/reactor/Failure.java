package io.trale.reactor;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.SocketAddresses;
import java.net.SocketAddress;

/// Exceptions for failed calls; the message names the call, its object and the error.
public final class Failure {

    private Failure() {}

    /// `errno` is positive; `operation` is the call, with its arguments in parentheses if they help.
    public static ErrnoException of(String operation, int errno) {
        return new ErrnoException(operation + ": " + Errno.describe(errno), errno);
    }

    /// As [#of(String, int)], for a call on `address`.
    public static ErrnoException of(String operation, SocketAddress address, int errno) {
        return of(operation + "(" + SocketAddresses.format(address) + ")", errno);
    }

    /// As [#of(String, int)], for a call on descriptor `fd`, whose remote or local address is `address`.
    public static ErrnoException of(String operation, int fd, SocketAddress address, int errno) {
        return of(operation + "(fd=" + fd + ", " + SocketAddresses.format(address) + ")", errno);
    }
}

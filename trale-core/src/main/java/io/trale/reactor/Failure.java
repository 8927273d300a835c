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

    /// As [#of(String, int)], for a call on `object`: an address, a path, a file.
    public static ErrnoException of(String operation, Object object, int errno) {
        return of(operation + "(" + (object instanceof SocketAddress a ? SocketAddresses.format(a) : object) + ")", errno);
    }

    /// As [#of(String, int)], for a call on descriptor `fd`, whose remote or local address is `address`.
    public static ErrnoException of(String operation, int fd, SocketAddress address, int errno) {
        return of(operation + "(fd=" + fd + ", " + SocketAddresses.format(address) + ")", errno);
    }

    /// Returns `result` of `operation`, or throws [#of(String, int)] if it is `-errno`.
    public static int check(String operation, int result) throws ErrnoException {
        if (result < 0) {
            throw of(operation, -result);
        }
        return result;
    }

    /// As [#check(String, int)], for a call on `object`: an address, a path, a file.
    public static int check(String operation, Object object, int result) throws ErrnoException {
        if (result < 0) {
            throw of(operation, object, -result);
        }
        return result;
    }

    /// As [#check(String, int)], for a call on descriptor `fd`, whose remote or local address is `address`.
    public static int check(String operation, int fd, SocketAddress address, int result) throws ErrnoException {
        if (result < 0) {
            throw of(operation, fd, address, -result);
        }
        return result;
    }
}

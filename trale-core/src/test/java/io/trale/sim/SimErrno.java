package io.trale.sim;

/// Error numbers that trale itself has no need to know: `include/uapi/asm-generic/errno-base.h` and `errno.h`.
final class SimErrno {

    static final int EIO = 5;
    static final int EEXIST = 17;
    static final int ENOTDIR = 20;
    static final int EISDIR = 21;
    static final int ENOSPC = 28;
    static final int EBADR = 53;
    static final int ENOTSOCK = 88;
    static final int EDESTADDRREQ = 89;
    static final int EMSGSIZE = 90;
    static final int EOPNOTSUPP = 95;

    private SimErrno() {}
}

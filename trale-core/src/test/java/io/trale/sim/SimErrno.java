package io.trale.sim;

/// Error numbers that trale does not use: `include/uapi/asm-generic/errno-base.h` and `errno.h`.
public final class SimErrno {

    public static final int EIO = 5;
    public static final int EEXIST = 17;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int ENOSPC = 28;
    public static final int EBADR = 53;
    public static final int ENOTSOCK = 88;
    public static final int EDESTADDRREQ = 89;
    public static final int EMSGSIZE = 90;
    public static final int EOPNOTSUPP = 95;

    private SimErrno() {}
}

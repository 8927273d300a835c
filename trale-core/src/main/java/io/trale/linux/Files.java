package io.trale.linux;

import java.util.Locale;

/// Constants of the file calls. All are the same on every architecture except [#O_NOFOLLOW].
public final class Files {

    // include/uapi/linux/fcntl.h, openat(2)
    public static final int AT_FDCWD = -100;
    public static final int AT_EMPTY_PATH = 0x1000;

    // include/uapi/asm-generic/fcntl.h, open(2)
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_TRUNC = 0x200;
    public static final int O_APPEND = 0x400;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DSYNC = 0x1000;
    public static final int F_SETFL = 4;
    public static final int O_SYNC = 0x101000;
    public static final int O_CLOEXEC = 0x80000;

    /// arm64 differs: arch/arm64/include/uapi/asm/fcntl.h.
    public static final int O_NOFOLLOW =
            System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("aarch64") ? 0x8000 : 0x20000;

    // include/uapi/linux/fs.h, lseek(2)
    public static final int SEEK_SET = 0;
    public static final int SEEK_CUR = 1;
    public static final int SEEK_END = 2;

    // include/uapi/linux/stat.h, statx(2)
    public static final int STATX_TYPE = 1;
    public static final int STATX_SIZE = 0x200;
    public static final int STATX_BYTES = 256;
    public static final int STATX_MODE_OFFSET = 28;
    public static final int STATX_SIZE_OFFSET = 40;

    // include/uapi/linux/stat.h, inode(7)
    public static final int S_IFMT = 0170000;
    public static final int S_IFIFO = 0010000;

    // include/uapi/linux/io_uring.h, fsync(2)
    public static final int IORING_FSYNC_DATASYNC = 1;

    private Files() {}
}

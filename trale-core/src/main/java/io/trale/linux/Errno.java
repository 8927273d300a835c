package io.trale.linux;

/// The error numbers of Linux: `include/uapi/asm-generic/errno-base.h` and `errno.h`, `errno(3)`.
///
/// x86-64, arm64 and riscv64 share these numbers.
public final class Errno {

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int ENXIO = 6;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ESPIPE = 29;
    public static final int EPIPE = 32;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOSYS = 38;
    public static final int ETIME = 62;
    public static final int ENONET = 64;
    public static final int EPROTO = 71;
    public static final int ENOTSOCK = 88;
    public static final int EMSGSIZE = 90;
    public static final int ENOPROTOOPT = 92;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ENOTCONN = 107;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTDOWN = 112;
    public static final int EHOSTUNREACH = 113;
    public static final int EALREADY = 114;
    public static final int ECANCELED = 125;

    /// One line for each error: `number name text`.
    private static final String TABLE = """
            1 EPERM operation not permitted
            2 ENOENT no such file or directory
            3 ESRCH no such process
            4 EINTR interrupted system call
            5 EIO input/output error
            6 ENXIO no such device or address
            7 E2BIG argument list too long
            9 EBADF bad file descriptor
            10 ECHILD no child processes
            11 EAGAIN resource temporarily unavailable
            12 ENOMEM out of memory
            13 EACCES permission denied
            14 EFAULT bad address
            16 EBUSY device or resource busy
            17 EEXIST file exists
            18 EXDEV invalid cross-device link
            19 ENODEV no such device
            20 ENOTDIR not a directory
            21 EISDIR is a directory
            22 EINVAL invalid argument
            23 ENFILE too many open files in the system
            24 EMFILE too many open files in this process
            25 ENOTTY inappropriate ioctl for device
            26 ETXTBSY text file busy
            27 EFBIG file too large
            28 ENOSPC no space left on device
            29 ESPIPE illegal seek
            30 EROFS read-only file system
            31 EMLINK too many links
            32 EPIPE broken pipe
            33 EDOM numerical argument out of domain
            34 ERANGE result out of range
            35 EDEADLK resource deadlock avoided
            36 ENAMETOOLONG file name too long
            38 ENOSYS function not implemented
            39 ENOTEMPTY directory not empty
            40 ELOOP too many levels of symbolic links
            62 ETIME timer expired
            64 ENONET machine is not on the network
            71 EPROTO protocol error
            74 EBADMSG bad message
            75 EOVERFLOW value too large for its type
            77 EBADFD file descriptor in bad state
            88 ENOTSOCK not a socket
            89 EDESTADDRREQ destination address required
            90 EMSGSIZE message too long
            92 ENOPROTOOPT protocol option not available
            93 EPROTONOSUPPORT protocol not supported
            94 ESOCKTNOSUPPORT socket type not supported
            95 EOPNOTSUPP operation not supported
            97 EAFNOSUPPORT address family not supported
            98 EADDRINUSE address already in use
            99 EADDRNOTAVAIL cannot assign requested address
            100 ENETDOWN network is down
            101 ENETUNREACH network is unreachable
            103 ECONNABORTED connection aborted
            104 ECONNRESET connection reset by peer
            105 ENOBUFS no buffer space available
            106 EISCONN already connected
            107 ENOTCONN not connected
            108 ESHUTDOWN endpoint was shut down
            110 ETIMEDOUT connection timed out
            111 ECONNREFUSED connection refused
            112 EHOSTDOWN host is down
            113 EHOSTUNREACH no route to host
            114 EALREADY operation already in progress
            115 EINPROGRESS operation in progress
            122 EDQUOT disk quota exceeded
            125 ECANCELED operation canceled
            130 EOWNERDEAD owner died
            """;

    private static final String[] NAMES = new String[134];
    private static final String[] TEXTS = new String[134];

    static {
        TABLE.lines().forEach(line -> {
            String[] parts = line.split(" ", 3);
            int number = Integer.parseInt(parts[0]);
            NAMES[number] = parts[1];
            TEXTS[number] = parts[2];
        });
    }

    private Errno() {}

    /// The symbol, such as `ECONNRESET`. An unknown number is reported as `errno 999`.
    public static String name(int errno) {
        return errno >= 0 && errno < NAMES.length && NAMES[errno] != null ? NAMES[errno] : "errno " + errno;
    }

    /// The symbol and its description: `ECONNRESET, connection reset by peer`.
    public static String describe(int errno) {
        return errno >= 0 && errno < TEXTS.length && TEXTS[errno] != null ? NAMES[errno] + ", " + TEXTS[errno] : name(errno);
    }
}

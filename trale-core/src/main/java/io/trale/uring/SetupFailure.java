package io.trale.uring;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The cause of a failed `io_uring_setup(2)`, and the remedy. Each is a part of a sentence.
public record SetupFailure(String cause, String remedy) {

    private static final Path DISABLED = Path.of("/proc/sys/kernel/io_uring_disabled");

    /// The failure that `errno` means on this system; reads `/proc/sys/kernel/io_uring_disabled`.
    public static SetupFailure of(int errno) {
        return of(errno, disabled());
    }

    /// `disabled` is the value of the sysctl, or empty if the kernel does not have it.
    static SetupFailure of(int errno, String disabled) {
        return switch (errno) {
            case Errno.EPERM, Errno.EACCES -> switch (disabled) {
                case "2" -> new SetupFailure("io_uring is disabled on this system",
                        "as root: sysctl kernel.io_uring_disabled=0");
                case "1" -> new SetupFailure("io_uring is restricted to root and one group on this system",
                        "as root: sysctl kernel.io_uring_disabled=0, or join the group in kernel.io_uring_group");
                default -> new SetupFailure("a seccomp filter denies io_uring, the default in container runtimes",
                        "allow io_uring_setup, io_uring_enter and io_uring_register in the seccomp profile"
                                + " (Docker: --security-opt seccomp=PROFILE, or seccomp=unconfined to try)");
            };
            case Errno.ENOSYS, Errno.EINVAL -> new SetupFailure(
                    "this kernel has no usable io_uring, or a sandbox hides it",
                    "trale needs Linux 6.1 or newer, and a sandbox that allows io_uring");
            case Errno.ENOMEM -> new SetupFailure("not enough locked memory for the ring",
                    "raise the limit (ulimit -l) or open fewer executors");
            case Errno.EMFILE, Errno.ENFILE -> new SetupFailure("no file descriptor left for the ring",
                    "raise the limit (ulimit -n)");
            default -> new SetupFailure("io_uring_setup(2) does not document this error", "check the kernel log (dmesg)");
        };
    }

    /// The exception for a failed setup, with the error, the cause and the remedy in one line.
    static ErrnoException explain(int errno) {
        SetupFailure failure = of(errno);
        return new ErrnoException("io_uring_setup: " + Errno.describe(errno) + ": " + failure.cause + "; " + failure.remedy
                + " (details: ./trale doctor, or Doctor.examine())", errno);
    }

    private static String disabled() {
        try {
            return Files.readString(DISABLED).strip();
        } catch (IOException e) {
            return ""; // the sysctl exists since Linux 6.6
        }
    }
}

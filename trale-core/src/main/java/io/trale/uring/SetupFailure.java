package io.trale.uring;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Why there is no ring, and what to do about it: each a part of a sentence.
public record SetupFailure(String cause, String remedy) {

    private static final Path DISABLED = Path.of("/proc/sys/kernel/io_uring_disabled");

    /// What it means on this system that `io_uring_setup(2)` failed with `errno`.
    public static SetupFailure of(int errno) {
        return of(errno, disabled());
    }

    /// `disabled` is what the sysctl says, or empty where there is none.
    static SetupFailure of(int errno, String disabled) {
        return switch (errno) {
            case Errno.EPERM, Errno.EACCES -> switch (disabled) {
                case "2" -> new SetupFailure("this system has io_uring switched off",
                        "as root: sysctl kernel.io_uring_disabled=0");
                case "1" -> new SetupFailure("this system allows io_uring to root and one group only",
                        "as root: sysctl kernel.io_uring_disabled=0, or join the group in kernel.io_uring_group");
                default -> new SetupFailure("a seccomp filter forbids io_uring, as container runtimes do by default",
                        "allow io_uring_setup, io_uring_enter and io_uring_register in its profile"
                                + " (Docker: --security-opt seccomp=PROFILE, or seccomp=unconfined to try)");
            };
            case Errno.ENOSYS, Errno.EINVAL -> new SetupFailure(
                    "this kernel has no usable io_uring, or a sandbox hides it",
                    "trale needs Linux 6.1 or newer, and a sandbox that lets io_uring through");
            case Errno.ENOMEM -> new SetupFailure("not enough locked memory for the ring",
                    "raise the limit (ulimit -l) or open fewer executors");
            case Errno.EMFILE, Errno.ENFILE -> new SetupFailure("no descriptor left for the ring",
                    "raise the limit (ulimit -n)");
            default -> new SetupFailure("not a failure that io_uring_setup(2) documents", "look at the kernel's log");
        };
    }

    /// All of it in one line, for whoever wanted to start.
    static ErrnoException explain(int errno) {
        SetupFailure failure = of(errno);
        return new ErrnoException("io_uring_setup: " + Errno.describe(errno) + ": " + failure.cause + "; " + failure.remedy
                + " (for more: ./trale doctor, or Doctor.examine())", errno);
    }

    private static String disabled() {
        try {
            return Files.readString(DISABLED).strip();
        } catch (IOException e) {
            return ""; // before 6.6 there is no such switch
        }
    }
}

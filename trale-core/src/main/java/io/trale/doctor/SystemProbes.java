package io.trale.doctor;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Probes of the system: kernel version, the sysctl that disables io_uring, and limits.
final class SystemProbes {

    private static final long UNLIMITED = Long.MAX_VALUE;
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

    private SystemProbes() {}

    static void run(Notes notes, Path proc) {
        notes.need("system", () -> system(System.getProperty("os.name"), System.getProperty("os.version"),
                System.getProperty("os.arch")));
        notes.fact("sysctl", () -> sysctl(proc));
        notes.fact("locked memory", () -> limit("locked memory", processLimit(proc, "Max locked memory"),
                " bytes (ulimit -l), shared by all rings of this user", 1 << 20,
                "raise it if io_uring_setup fails with ENOMEM"));
        notes.fact("descriptors", () -> limit("descriptors", processLimit(proc, "Max open files"),
                " (ulimit -n); each connection uses one", 1024, "raise it for many connections"));
        notes.fact("backlog", () -> limit("backlog", Long.parseLong(line(proc.resolve("sys/net/core/somaxconn"))),
                " (net.core.somaxconn), the limit of connections that wait for accept", 1024,
                "raise it if connections arrive in bursts"));
    }

    private static Finding limit(String name, long value, String what, long enough, String remedy) {
        String amount = value == UNLIMITED ? "unlimited" : Long.toString(value);
        return new Finding(name, Finding.State.INFO, amount + what, value < enough ? remedy : "");
    }

    static Finding system(String name, String version, String architecture) {
        String detail = name + " " + version + ", " + architecture;
        if (!name.equals("Linux")) {
            return Finding.missing("system", detail, "trale needs Linux 6.1 or newer");
        }
        Matcher numbers = VERSION.matcher(version);
        boolean old = numbers.matches()
                && (Integer.parseInt(numbers.group(1)) < 6 || numbers.group(1).equals("6") && numbers.group(2).equals("0"));
        return old ? Finding.fallback("system", detail + ", older than the kernels that trale supports", "Linux 6.1 or newer")
                : Finding.used("system", detail);
    }

    private static Finding sysctl(Path proc) throws IOException {
        String name = "sysctl";
        String setting;
        try {
            setting = line(proc.resolve("sys/kernel/io_uring_disabled"));
        } catch (NoSuchFileException e) {
            return Finding.info(name, "this kernel has no kernel.io_uring_disabled");
        }
        String detail = "kernel.io_uring_disabled=" + setting;
        return switch (setting) {
            case "0" -> Finding.info(name, detail + ", io_uring is enabled for all users");
            case "1" -> Finding.info(name, detail + ", io_uring is only for root and the group in kernel.io_uring_group");
            default -> Finding.missing(name, detail + ", io_uring is disabled",
                    "as root: sysctl kernel.io_uring_disabled=0");
        };
    }

    /// The first line of `file`, from one `read(2)`: for numbers in `/proc/sys`, a second read returns end of file.
    private static String line(Path file) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            String line = reader.readLine();
            return line == null ? "" : line.strip();
        }
    }

    /// The soft limit `name` of this process, from `proc_pid_limits(5)`.
    private static long processLimit(Path proc, String name) throws IOException {
        Matcher line = Pattern.compile("^" + name + " +(\\d+|unlimited)", Pattern.MULTILINE)
                .matcher(Files.readString(proc.resolve("self/limits")));
        if (!line.find()) {
            throw new IOException("not found in /proc/self/limits");
        }
        return line.group(1).equals("unlimited") ? UNLIMITED : Long.parseLong(line.group(1));
    }
}

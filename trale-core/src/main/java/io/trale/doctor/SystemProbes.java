package io.trale.doctor;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the system says of itself: its kernel, the switch of io_uring, and limits.
final class SystemProbes {

    private static final long UNLIMITED = Long.MAX_VALUE;
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

    private SystemProbes() {}

    static void run(Notes notes, Path proc) {
        notes.need("system", () -> system(System.getProperty("os.name"), System.getProperty("os.version"),
                System.getProperty("os.arch")));
        notes.fact("switch", () -> ioUringSwitch(proc));
        notes.fact("locked memory", () -> limit("locked memory", processLimit(proc, "Max locked memory"),
                " bytes (ulimit -l), for all rings of this user", 1 << 20, "more, if rings are refused with ENOMEM"));
        notes.fact("descriptors", () -> limit("descriptors", processLimit(proc, "Max open files"),
                " (ulimit -n), one for each connection", 1024, "more, if there are many connections"));
        notes.fact("backlog", () -> limit("backlog", Long.parseLong(line(proc.resolve("sys/net/core/somaxconn"))),
                " (net.core.somaxconn), connections that wait at a listener", 1024, "more, if they come in bursts"));
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
        return old ? Finding.fallback("system", detail + ", older than what trale is made for", "Linux 6.1 or newer")
                : Finding.used("system", detail);
    }

    private static Finding ioUringSwitch(Path proc) throws IOException {
        String name = "switch";
        String setting;
        try {
            setting = line(proc.resolve("sys/kernel/io_uring_disabled"));
        } catch (NoSuchFileException e) {
            return Finding.info(name, "none: this kernel has no kernel.io_uring_disabled");
        }
        String detail = "kernel.io_uring_disabled=" + setting;
        return switch (setting) {
            case "0" -> Finding.info(name, detail + ", io_uring is for everybody");
            case "1" -> Finding.info(name, detail + ", io_uring is for root and the group in kernel.io_uring_group");
            default -> Finding.missing(name, detail + ", io_uring is switched off",
                    "as root: sysctl kernel.io_uring_disabled=0");
        };
    }

    /// The first line, by one call of `read(2)`: from the second on, files of numbers in `/proc/sys` are at their end.
    private static String line(Path file) throws IOException {
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            String line = reader.readLine();
            return line == null ? "" : line.strip();
        }
    }

    /// The soft limit of that name, as `proc_pid_limits(5)` has it.
    private static long processLimit(Path proc, String name) throws IOException {
        Matcher line = Pattern.compile("^" + name + " +(\\d+|unlimited)", Pattern.MULTILINE)
                .matcher(Files.readString(proc.resolve("self/limits")));
        if (!line.find()) {
            throw new IOException("not in /proc/self/limits");
        }
        return line.group(1).equals("unlimited") ? UNLIMITED : Long.parseLong(line.group(1));
    }
}

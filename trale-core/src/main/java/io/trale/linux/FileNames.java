package io.trale.linux;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.Arrays;
import java.util.HexFormat;

/// Converts between [Path] and the bytes of a file name, which is what Linux uses.
///
/// A [Path] of the default file system keeps the bytes, but its string does not: each byte that the JVM's encoding of file
/// names (`sun.jnu.encoding`, ASCII under `LC_ALL=C`) cannot decode becomes the same replacement character. The bytes
/// are all in the path's URI, each as it is or as `%` and two digits.
public final class FileNames {

    /// A prefix below which no file can exist. [Path#toUri] checks whether the path is a directory; with this prefix that
    /// check reaches no real file system.
    private static final Path NOWHERE = Path.of("/dev/null");
    private static final String NOWHERE_URI = "file:///dev/null";

    private FileNames() {}

    /// Throws [ProviderMismatchException] unless `path` belongs to the default file system. The kernel cannot open paths of
    /// other file systems, such as zip files.
    public static void check(Path path) {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw new ProviderMismatchException(path + " belongs to a " + path.getFileSystem().provider().getScheme()
                    + ": file system, not to the default one; use java.nio.file.Files for it");
        }
    }

    /// The bytes of `path`, without a terminating zero. Throws as [#check].
    public static byte[] bytes(Path path) {
        check(path);
        String text = path.toString();
        if (isAscii(text)) { // no replacement characters
            return text.getBytes(StandardCharsets.US_ASCII);
        }
        Path relative = path.isAbsolute() ? path.subpath(0, path.getNameCount()) : path;
        String uri = NOWHERE.resolve(relative).toUri().toString();
        String name = uri.substring(NOWHERE_URI.length() + (path.isAbsolute() ? 0 : 1));
        byte[] bytes = new byte[name.length()];
        int count = 0;
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) == '%') {
                bytes[count++] = (byte) HexFormat.fromHexDigits(name, i + 1, i + 3);
                i += 2;
            } else {
                bytes[count++] = (byte) name.charAt(i);
            }
        }
        return Arrays.copyOf(bytes, count);
    }

    /// The path with these `bytes`, which must not contain a zero.
    public static Path path(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (isAscii(text)) {
            return Path.of(text);
        }
        StringBuilder uri = new StringBuilder(NOWHERE_URI).append('/');
        for (byte b : bytes) {
            if (b == '/') {
                uri.append('/');
            } else {
                uri.append('%').append(HexFormat.of().toHexDigits(b));
            }
        }
        Path below = Path.of(URI.create(uri.toString()));
        Path relative = below.subpath(NOWHERE.getNameCount(), below.getNameCount());
        return bytes[0] == '/' ? Path.of("/").resolve(relative) : relative;
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 128);
    }
}

package io.trale.net;

import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/// The path of a Unix socket: `bind(2)` makes it, and `close(2)` leaves it behind.
///
/// Both the bind and the removal here wait for the file system of the path, as plain calls: the ring has had a bind since
/// 6.11 only. Sockets stand in memory (`/run`, `/tmp`), or on a disk whose directory is cached by then.
final class BoundPath {

    private BoundPath() {}

    /// Removes `path`, to which `socket` was bound just now, when the socket is closed. One that somebody else has put in
    /// its place meanwhile, such as the successor of this process, stays.
    static void removeWhenClosed(Descriptor socket, Path path) {
        Object bound = identity(path);
        if (bound != null) {
            socket.whenClosed(() -> {
                if (bound.equals(identity(path))) {
                    remove(path);
                }
            });
        }
    }

    /// Device and inode, or null if there is nothing.
    private static Object identity(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    private static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // the directory is not ours any more: the path stays, as it would if the process were killed
        }
    }
}

package io.trale.net;

import io.trale.reactor.Descriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/// Removes the path of a Unix socket when the socket is closed: `bind(2)` creates the path, but `close(2)` does not remove
/// it.
///
/// The bind and the removal are plain calls that block on the file system, as [UnixListener#bind] documents. io_uring has a
/// bind only since Linux 6.11, and a server makes these calls once: another thread for them would cost more than it saves.
final class BoundPath {

    private BoundPath() {}

    /// Removes `path` when `socket`, which was just bound to it, is closed. If another process has replaced the file at
    /// `path` by then, for example a new instance of this server, the file is kept.
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

    /// Device and inode of `path`, or null if they cannot be read.
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
            // no permission to remove it: the path stays, as after a kill of this process
        }
    }
}

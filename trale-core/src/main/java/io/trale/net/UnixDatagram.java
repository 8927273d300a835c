package io.trale.net;

import java.net.UnixDomainSocketAddress;

/// A received datagram: `size` bytes from `sender`, of which the first `length` are at the start of the buffer. `sender` is
/// the empty path if the sender's socket is not bound to a path.
public record UnixDatagram(int length, int size, UnixDomainSocketAddress sender) {

    /// True if the buffer was too small. The rest of the datagram is lost.
    public boolean isTruncated() {
        return size > length;
    }
}

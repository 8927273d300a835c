package io.trale.net;

import java.net.UnixDomainSocketAddress;

/// What a receive has brought: `length` bytes at the start of the buffer, of a datagram of `size` bytes from `sender`,
/// which is the empty path if that has no name.
public record UnixDatagram(int length, int size, UnixDomainSocketAddress sender) {

    /// True if the buffer was too small: the rest of the datagram is lost.
    public boolean isTruncated() {
        return size > length;
    }
}

package io.trale.net;

import java.net.InetSocketAddress;

/// What a receive has brought: `length` bytes at the start of the buffer, of a datagram of `size` bytes from `sender`.
public record Datagram(int length, int size, InetSocketAddress sender) {

    /// True if the buffer was too small: the rest of the datagram is lost.
    public boolean isTruncated() {
        return size > length;
    }
}

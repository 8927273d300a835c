package io.trale.net;

import java.net.InetSocketAddress;

/// A received datagram: `size` bytes from `sender`, of which the first `length` are at the start of the buffer.
public record Datagram(int length, int size, InetSocketAddress sender) {

    /// True if the buffer was too small. The rest of the datagram is lost.
    public boolean isTruncated() {
        return size > length;
    }
}

package io.trale.reactive.testing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Connection;
import io.trale.reactive.codec.DecodeFlux;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/// The ways to receive, for tests of what they have in common.
public enum ReceiveKind {

    COPIES {
        @Override
        public Flux<byte[]> receive(Connection connection) {
            return connection.receive().map(Support::bytesOf);
        }
    },

    IN_PLACE {
        @Override
        public Flux<byte[]> receive(Connection connection) {
            return connection.receiveWith(segment -> segment.toArray(JAVA_BYTE));
        }
    },

    LEASES {
        @Override
        public Flux<byte[]> receive(Connection connection) {
            return connection.receiveLeases().map(lease -> {
                try (lease) {
                    return lease.toArray();
                }
            });
        }
    },

    /// By a decoder that makes pieces of four bytes, and one of what is left at the end.
    PIECES {
        @Override
        public Flux<byte[]> receive(Connection connection) {
            return DecodeFlux.<byte[]>of(connection.receive(), "pieces", () -> ReceiveKind::piece);
        }
    };

    private static byte @Nullable [] piece(ByteBuffer in, boolean end) {
        if (in.remaining() < 4 && !(end && in.hasRemaining())) {
            return null;
        }
        byte[] piece = new byte[Math.min(4, in.remaining())];
        in.get(piece);
        return piece;
    }

    /// What comes, as bytes.
    public abstract Flux<byte[]> receive(Connection connection);
}

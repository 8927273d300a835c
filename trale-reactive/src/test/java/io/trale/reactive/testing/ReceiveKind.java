package io.trale.reactive.testing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.trale.reactive.Connection;
import io.trale.reactive.codec.DecodeFlux;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/// The kinds of receive, for tests that apply to all of them.
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

    /// With a decoder of pieces of four bytes, and one of the rest at the end.
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

    /// The received bytes.
    public abstract Flux<byte[]> receive(Connection connection);
}

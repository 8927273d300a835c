package io.trale.reactive;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import reactor.core.publisher.Flux;

/// The three ways to receive, for tests of what they have in common.
enum ReceiveKind {

    COPIES {
        @Override
        Flux<byte[]> receive(Connection connection) {
            return connection.receive().map(Support::bytesOf);
        }
    },

    IN_PLACE {
        @Override
        Flux<byte[]> receive(Connection connection) {
            return connection.receiveWith(segment -> segment.toArray(JAVA_BYTE));
        }
    },

    LEASES {
        @Override
        Flux<byte[]> receive(Connection connection) {
            return connection.receiveLeases().map(lease -> {
                try (lease) {
                    return lease.toArray();
                }
            });
        }
    };

    /// What comes, as bytes.
    abstract Flux<byte[]> receive(Connection connection);
}

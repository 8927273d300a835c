package io.trale.examples;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Cuts a stream of bytes into lines.
final class Lines {

    private final byte[] line;
    private int length;

    private Lines(int maxBytes) {
        line = new byte[maxBytes];
    }

    /// The lines in `bytes`, read as UTF-8, without what ends them. No line is longer than `maxBytes`: a longer one is cut
    /// in pieces, so nobody can make us hold more. Chunks are asked for one at a time.
    static Flux<String> of(Flux<ByteBuffer> bytes, int maxBytes) {
        return Flux.defer(() -> {
            Lines lines = new Lines(maxBytes);
            return bytes.concatMapIterable(lines::cut, 1).concatWith(Mono.fromSupplier(lines::rest));
        });
    }

    private List<String> cut(ByteBuffer chunk) {
        List<String> cut = new ArrayList<>();
        for (ByteBuffer bytes = chunk.duplicate(); bytes.hasRemaining();) {
            byte next = bytes.get();
            if (next != '\n') {
                line[length++] = next;
            }
            if (next == '\n' || length == line.length) {
                cut.add(take());
            }
        }
        return cut;
    }

    /// What came without an end, or null.
    private String rest() {
        return length == 0 ? null : take();
    }

    private String take() {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        length = 0;
        return new String(line, 0, end, StandardCharsets.UTF_8);
    }
}

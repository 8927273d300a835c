package io.trale.reactive.tck;

import io.trale.reactive.ReadOptions;
import io.trale.reactive.Trale;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Flux;

/// The official suite on `Trale.read()` as a Flux, in chunks of one byte: a sparse file of n bytes is a source of n elements.
public class ReadTck extends SourceTck<ByteBuffer> {

    private final Queue<Path> files = new ConcurrentLinkedQueue<>();
    private Trale trale;

    public ReadTck() {}

    @BeforeClass
    public void start() {
        trale = Trale.start();
    }

    @AfterClass
    public void stop() throws IOException {
        trale.close();
        for (Path file : files) {
            Files.delete(file);
        }
    }

    /// The publisher under test.
    Publisher<ByteBuffer> asSeen(Flux<ByteBuffer> read) {
        return read;
    }

    @Override
    public Publisher<ByteBuffer> createPublisher(long elements) {
        try {
            Path file = Files.createTempFile("trale", "tck");
            files.add(file);
            try (RandomAccessFile hole = new RandomAccessFile(file.toFile(), "rw")) {
                hole.setLength(elements);
            }
            return asSeen(trale.read(file, ReadOptions.defaults().chunk(1)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Publisher<ByteBuffer> createFailedPublisher() {
        return asSeen(trale.read(Path.of("/there is no such file")));
    }
}

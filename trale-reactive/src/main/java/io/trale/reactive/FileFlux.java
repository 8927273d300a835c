package io.trale.reactive;

import io.trale.fs.File;
import io.trale.linux.FileNames;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import reactor.core.CoreSubscriber;

/// The bytes of a file, which each subscription opens for itself.
final class FileFlux extends SourceFlux<ByteBuffer> {

    private final Loop loop;
    private final Path path;
    private final ReadOptions options;

    FileFlux(Loop loop, Path path, ReadOptions options) {
        super("traleRead");
        this.loop = loop;
        this.path = path;
        FileNames.check(path);
        this.options = Objects.requireNonNull(options);
    }

    @Override
    public void subscribe(CoreSubscriber<? super ByteBuffer> actual) {
        new FileReading(loop, File.open(path), options, Objects.requireNonNull(actual)).subscribe();
    }
}

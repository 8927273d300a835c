package io.trale.reactive.file;

import io.trale.fs.File;
import io.trale.linux.FileNames;
import io.trale.reactive.ReadOptions;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.SourceFlux;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import reactor.core.CoreSubscriber;

/// The bytes of a file, which each subscription opens for itself.
public final class FileFlux extends SourceFlux<ByteBuffer> {

    private final Loop loop;
    private final Path path;
    private final ReadOptions options;

    public FileFlux(Loop loop, Path path, ReadOptions options) {
        super("traleRead");
        this.loop = loop;
        this.path = path;
        FileNames.check(path);
        this.options = Objects.requireNonNull(options);
    }

    @Override
    public void subscribe(CoreSubscriber<? super ByteBuffer> actual) {
        new FileSubscription(loop, File.open(path), options, Objects.requireNonNull(actual)).subscribe();
    }
}

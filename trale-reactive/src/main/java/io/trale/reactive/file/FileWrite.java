package io.trale.reactive.file;

import io.trale.fs.File;
import io.trale.linux.Errno;
import io.trale.linux.FileNames;
import io.trale.reactive.WriteOptions;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.loop.SourceMono;
import io.trale.reactive.send.SendSubscriber;
import io.trale.reactor.Failure;
import java.nio.ByteBuffer;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/// The write of a source to a file, from its opening to its closing: one for each subscription.
public final class FileWrite {

    private final Loop loop;
    private final File file;
    private final Publisher<? extends ByteBuffer> source;
    private final WriteOptions options;
    private final FileSender sender;
    private final Sinks.Empty<Void> closed = Sinks.empty();

    private FileWrite(Loop loop, File file, Publisher<? extends ByteBuffer> source, WriteOptions options) {
        this.loop = loop;
        this.file = file;
        this.source = source;
        this.options = options;
        sender = new FileSender(loop, file, options.offset());
        file.descriptor().whenClosed(closed::tryEmitEmpty);
        loop.opened(file.descriptor(), sender::abort);
    }

    /// The cold write: see [io.trale.reactive.Trale#write(Path, Publisher, WriteOptions)].
    public static Mono<Void> mono(Loop loop, Path path, Publisher<? extends ByteBuffer> source, WriteOptions options) {
        FileNames.check(path);
        Objects.requireNonNull(source);
        OpenOption[] open = options.openOptions().toArray(OpenOption[]::new);
        Mono<FileWrite> opened = new FutureMono<>(loop, () -> File.open(path, options.mode(), open), File::close).assembled()
                .map(file -> new FileWrite(loop, file, source, options));
        Mono<Void> whole = Mono.usingWhen(
                Mono.deferContextual(context -> opened.doOnError(failure -> discard(source, context))
                        .doOnCancel(() -> discard(source, context))),
                FileWrite::write, FileWrite::close, (write, failure) -> write.close(), FileWrite::close);
        return new SourceMono<Void>("sink(traleWrite)", source, actual -> whole.subscribe(actual)).assembled();
    }

    /// The source will never be subscribed to: passes it to the discard hook, as a refused send does.
    private static void discard(Publisher<?> source, ContextView context) {
        Operators.onDiscard(source, Context.of(context));
    }

    private Mono<Void> write() {
        if (options.offset() > 0 && !file.isSeekable()) {
            return Mono.deferContextual(context -> {
                discard(source, context);
                return Mono.error(Failure.of("lseek(" + file + ")", Errno.ESPIPE));
            });
        }
        Mono<Void> written = SendSubscriber.mono("sink(traleWrite)", sender, source, null, null);
        return options.sync() ? written.then(sync()) : written;
    }

    private Mono<Void> sync() {
        return new FutureMono<Void>(loop, () -> file.sync(true), nothing -> { }).assembled();
    }

    /// Closes the file after the accepted elements are written. Its errors are not reported: [#sync] has reported those
    /// that `close(2)` could report.
    private Mono<Void> close() {
        return closed.asMono().doOnSubscribe(subscription -> loop.run(sender::close));
    }
}

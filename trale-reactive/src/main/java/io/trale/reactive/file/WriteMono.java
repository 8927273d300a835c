package io.trale.reactive.file;

import io.trale.fs.File;
import io.trale.linux.Errno;
import io.trale.linux.FileNames;
import io.trale.reactive.WriteOptions;
import io.trale.reactive.loop.FutureMono;
import io.trale.reactive.loop.Loop;
import io.trale.reactive.send.SendSubscriber;
import io.trale.reactor.Failure;
import java.nio.ByteBuffer;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/// Writes a file for each subscription: opens it, sends the source to it, and closes it.
public final class WriteMono extends Mono<Void> implements Scannable {

    private final Loop loop;
    private final Publisher<? extends ByteBuffer> source;
    private final WriteOptions options;
    private final Mono<Void> whole;

    public WriteMono(Loop loop, Path path, Publisher<? extends ByteBuffer> source, WriteOptions options) {
        FileNames.check(path);
        this.loop = loop;
        this.source = Objects.requireNonNull(source);
        this.options = options;
        OpenOption[] open = options.openOptions().toArray(OpenOption[]::new);
        Mono<Opened> opened = new FutureMono<>(loop, () -> File.open(path, options.mode(), open), File::close).assembled()
                .map(Opened::new);
        whole = Mono.usingWhen(
                Mono.deferContextual(context -> opened
                        .doOnError(failure -> discardSource(context)).doOnCancel(() -> discardSource(context))),
                Opened::write, Opened::close, (file, failure) -> file.close(), Opened::close);
    }

    /// The source will never be subscribed to: passes it to the discard hook, as a refused send does.
    private void discardSource(ContextView context) {
        Operators.onDiscard(source, Context.of(context));
    }

    /// This, with assembly hooks applied.
    public Mono<Void> assembled() {
        return onAssembly(this);
    }

    @Override
    public void subscribe(CoreSubscriber<? super Void> actual) {
        whole.subscribe(actual);
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        return key == Attr.PARENT ? source : key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
    }

    @Override
    public String stepName() {
        return "sink(traleWrite)";
    }

    /// The open file of one subscription.
    private final class Opened {

        private final File file;
        private final FileSender sender;
        private final Sinks.Empty<Void> closed = Sinks.empty();

        Opened(File file) {
            this.file = file;
            sender = new FileSender(loop, file, options.offset());
            file.descriptor().whenClosed(closed::tryEmitEmpty);
            loop.opened(file.descriptor(), sender::abort);
        }

        Mono<Void> write() {
            if (options.offset() > 0 && !file.isSeekable()) {
                return Mono.deferContextual(context -> {
                    discardSource(context);
                    return Mono.error(Failure.of("lseek(" + file + ")", Errno.ESPIPE));
                });
            }
            Mono<Void> written = SendSubscriber.mono("traleWrite", sender, source, null, null);
            return options.sync() ? written.then(sync()) : written;
        }

        private Mono<Void> sync() {
            return new FutureMono<Void>(loop, () -> file.sync(true), nothing -> { }).assembled();
        }

        /// Closes the file after the accepted elements are written. Its errors are not reported: [#sync] has reported those
        /// that `close(2)` could report.
        Mono<Void> close() {
            return closed.asMono().doOnSubscribe(subscription -> loop.run(sender::close));
        }
    }
}

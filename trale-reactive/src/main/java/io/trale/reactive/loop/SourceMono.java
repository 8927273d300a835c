package io.trale.reactive.loop;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;

/// What happens once on the loop, as Reactor sees it: named, asynchronous, seen by the assembly hooks.
public class SourceMono<T> extends Mono<T> implements Scannable {

    private final String step;
    private final @Nullable Publisher<?> parent;
    private final Consumer<CoreSubscriber<? super T>> subscribe;

    /// The step `step` of a pipeline, behind `parent` if that is not null. `subscribe` is called for each subscription.
    public SourceMono(String step, @Nullable Publisher<?> parent, Consumer<CoreSubscriber<? super T>> subscribe) {
        this.step = step;
        this.parent = parent;
        this.subscribe = subscribe;
    }

    /// This, as the assembly hooks want it.
    public final Mono<T> assembled() {
        return onAssembly(this);
    }

    @Override
    public final void subscribe(CoreSubscriber<? super T> actual) {
        subscribe.accept(Objects.requireNonNull(actual));
    }

    @Override
    public String stepName() {
        return step;
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        return key == Attr.PARENT ? parent : key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
    }
}

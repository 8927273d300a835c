package io.trale.reactive.loop;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;

/// A source as Reactor sees it: named, asynchronous, seen by the assembly hooks.
public class SourceFlux<T> extends Flux<T> implements Scannable {

    private final String name;
    private final Function<CoreSubscriber<? super T>, LoopSubscription<T>> subscriptions;

    /// A source whose subscriptions are made by `subscriptions`.
    public SourceFlux(String name, Function<CoreSubscriber<? super T>, LoopSubscription<T>> subscriptions) {
        this.name = name;
        this.subscriptions = subscriptions;
    }

    /// This, as the assembly hooks want it.
    public final Flux<T> assembled() {
        return onAssembly(this);
    }

    @Override
    public final void subscribe(CoreSubscriber<? super T> actual) {
        subscriptions.apply(Objects.requireNonNull(actual)).subscribe();
    }

    @Override
    public String stepName() {
        return "source(" + name + ")";
    }

    @Override
    @SuppressWarnings("rawtypes") // as declared by Reactor
    public @Nullable Object scanUnsafe(Attr key) {
        return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : key == Attr.PREFETCH ? Integer.valueOf(0) : null;
    }
}

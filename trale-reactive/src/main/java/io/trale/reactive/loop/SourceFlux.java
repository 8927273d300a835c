package io.trale.reactive.loop;

import org.jspecify.annotations.Nullable;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;

/// A source as Reactor sees it: named, asynchronous, seen by the assembly hooks.
public abstract class SourceFlux<T> extends Flux<T> implements Scannable {

    private final String name;

    protected SourceFlux(String name) {
        this.name = name;
    }

    /// This, as the assembly hooks want it.
    public final Flux<T> assembled() {
        return onAssembly(this);
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

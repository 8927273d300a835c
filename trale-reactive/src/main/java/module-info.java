/// Sources and sinks of Reactive Streams on the executor of `io.trale.core`. Start at [io.trale.reactive.Trale].
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // reactor-core names its module in its manifest
module io.trale.reactive {
    requires transitive io.trale.core;
    requires transitive org.reactivestreams;
    requires transitive reactor.core;
    requires static transitive org.jspecify;

    exports io.trale.reactive;
    exports io.trale.reactive.codec;
}

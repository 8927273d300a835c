package io.trale.task;

import io.trale.reactor.Reactor;

/// The loop that a combinator belongs to, from its first poll until the ring of that loop is closed.
final class BoundLoop {

    private Reactor reactor;

    /// Binds to the current loop. Throws as [Reactor#checkThread] if bound to another.
    void enter() {
        if (reactor == null || !reactor.isOpen()) {
            reactor = Reactor.current();
        }
        reactor.checkThread();
    }

    /// Throws as [Reactor#checkThread] if bound to another loop than the current one.
    void check() {
        if (reactor != null && reactor.isOpen()) {
            reactor.checkThread();
        }
    }
}

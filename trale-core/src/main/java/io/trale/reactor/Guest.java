package io.trale.reactor;

/// Code that a loop runs although its thread is not the loop's: an async block.
public interface Guest {

    /// The reactor of that loop.
    Reactor reactor();
}

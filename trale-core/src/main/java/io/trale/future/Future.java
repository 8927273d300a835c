package io.trale.future;

/// A value that will be there later, and that makes progress only while somebody polls it.
///
/// Whoever owns a future either polls it until it is complete, or gives it up by calling [#cancel] exactly once. Java
/// has no drop: a future that is neither finished nor cancelled keeps its operation, and the memory of that operation,
/// for ever. `spawn`, `await`, `select` and `timeout` are owners and do this for what they are given.
///
/// All methods are for the thread of the executor that polls it.
public interface Future<T> {

    /// Makes progress. Returns true when the future is complete, and then must not be polled again; returns false
    /// when it is pending, and then `waker` is woken once another poll is worth while. Each poll replaces the waker of
    /// the one before. Never throws for a failed operation: that is for [#result].
    boolean poll(Waker waker);

    /// The value, once [#poll] returned true. Throws what the operation failed with.
    T result() throws Exception;

    /// Gives the future up: the owner will not poll it again. Idempotent.
    ///
    /// - While the future is pending, what the kernel still does is stopped in the background, and memory that it may touch is
    ///   kept until then.
    /// - If it is complete and [#result] was not called, its value is released: a descriptor is closed, a lock is given back, a
    ///   signal or a connection goes to the next.
    /// - **Once [#result] was called, this has no effect**: the value is the caller's. Nor has it on a later use of what this
    ///   future was made from. The one exception is a future that its maker says to be its own and used for every operation, such
    ///   as [io.trale.io.AsyncRead#read]: there, this gives up the use under way, if there is one.
    default void cancel() {}
}

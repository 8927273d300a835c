package io.trale.future;

/// An asynchronous computation that makes progress only when it is polled.
///
/// The owner of a future either polls it until it is complete, or cancels it with [#cancel]. Java has no destructors: a
/// future that is neither completed nor cancelled keeps its operation and its memory for ever. `spawn`, `await`, `select`
/// and `timeout` become the owner of the futures passed to them.
///
/// All methods must be called on the thread of the executor that polls the future.
public interface Future<T> {

    /// Makes progress. Returns true if the future is complete; it must not be polled again then. Returns false if it is
    /// pending; the future wakes `waker` when it should be polled again. Each poll replaces the waker of the previous poll.
    /// A failed operation completes the future: [#result] throws, `poll` does not.
    boolean poll(Waker waker);

    /// The value. Call after [#poll] has returned true. Throws the exception of a failed operation.
    T result() throws Exception;

    /// Cancels the future. The owner must not poll it again. Idempotent.
    ///
    /// - If the future is pending, its kernel operation is cancelled in the background. The memory of the operation is kept
    ///   until the kernel has released it.
    /// - If the future is complete and [#result] was not called, its value is released: a descriptor is closed, a lock is
    ///   unlocked, a signal or a connection is passed to the next waiter.
    /// - **If [#result] was called, `cancel` has no effect**: the caller owns the value.
    ///
    /// A cancel does not affect later operations of the same object, with one exception. A method may document that it
    /// returns the same future for every operation, such as [io.trale.io.AsyncRead#read]. There, `cancel` cancels the
    /// operation in progress, if any.
    default void cancel() {}
}

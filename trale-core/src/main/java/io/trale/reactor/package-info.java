/// The operations in flight on one ring, the memory that the kernel may access for them, and the one place where the loop
/// sleeps.
///
/// Open [io.trale.reactor.Operation] first, then [io.trale.reactor.Reactor].
///
/// An operation has one completion handler, called on the loop thread with result and flags: once, or, if it is multishot,
/// many times. There are two kinds of handler. `ReactorIo` of `io.trale.leaf` keeps the result and wakes a task: so futures
/// use the ring. The sources and sinks of trale-reactive are handlers themselves: so demand reaches the ring without a task.
///
/// An operation that needs memory of a pool waits in the queue of that pool ([io.trale.reactor.BufferGroup],
/// [io.trale.reactor.BlockPool]). So its entry is filled only when the memory is available.
///
/// Not exported: public only for other packages of trale.
package io.trale.reactor;

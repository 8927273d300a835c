/// What is in flight: operations in their slots, the memory that the kernel can see, and the one place where the loop
/// sleeps.
///
/// An [io.trale.reactor.Operation] has one completion handler, called on the loop with result and flags: once, or, if
/// it is multishot, many times. [io.trale.leaf.ReactorIo] is the handler that keeps the result and wakes a waker: so
/// futures see the ring. A publisher's source is another handler: so demand meets the ring, with no task in between.
/// There is no third way.
///
/// Limits have owners: [io.trale.reactor.BufferGroup] and [io.trale.reactor.BlockPool] each keep the line of those who
/// wait for a buffer, so an entry is only ever filled in when what it needs is there.
package io.trale.reactor;

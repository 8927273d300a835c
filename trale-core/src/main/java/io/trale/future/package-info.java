/// The basic interfaces of asynchronous code. Open [io.trale.future.Future] first: it is polled, and a
/// [io.trale.future.Waker] requests the next poll.
///
/// These types import no other package of trale. `poll` returns a boolean and `result` returns the value, so that a poll
/// allocates nothing.
package io.trale.future;

/// io_uring itself: two rings of memory shared with the kernel, and one system call.
///
/// We fill 64-byte entries in the submission queue and publish its tail; `io_uring_enter(2)` makes the kernel take
/// them and, in the same call, waits; the kernel writes 16-byte completions and publishes the tail of the completion
/// queue; we copy them out and publish its head. Each counter has one writer. A release store by the writer pairs with
/// an acquire load by the reader, so whatever was written before the counter is there after it.
///
/// This package knows nothing of who waits for a completion; [io.trale.reactor] does.
package io.trale.uring;

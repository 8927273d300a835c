/// The io_uring interface: two queues in memory shared with the kernel, and one system call. Open [io.trale.uring.Ring]
/// first.
///
/// 1. We fill in 64-byte entries of the submission queue and publish its tail.
/// 2. `io_uring_enter(2)` submits the entries and waits, in the same call.
/// 3. The kernel writes 16-byte completions and publishes the tail of the completion queue.
/// 4. We copy the completions and publish the head.
///
/// Each counter has one writer. The writer's release store pairs with the reader's acquire load, so everything written
/// before the store is visible after the load.
///
/// This package does not map completions to operations; [io.trale.reactor] does.
///
/// Not exported: public only for other packages of trale.
package io.trale.uring;

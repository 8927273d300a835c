/// The bases of leaf futures: futures that wait for the kernel, not for other futures. Open [io.trale.leaf.ReactorIo] first.
///
/// `ReactorIo` is an operation that keeps its result and wakes the task that polls it.
/// [io.trale.leaf.BufferIo] adds the user's buffers, [io.trale.leaf.CounterIo] reads an eventfd or a timerfd, and
/// [io.trale.leaf.Countdown] waits for a deadline without any operation. [io.trale.leaf.Sockets] holds the socket calls that
/// never block. The packages `net`, `fs`, `time` and `sync` build their futures from these.
///
/// Not exported: public only for other packages of trale.
package io.trale.leaf;

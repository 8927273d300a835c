/// I/O as Reactor publishers and subscribers whose demand reaches the kernel. Start at [io.trale.reactive.Trale].
///
/// **With no demand there is no operation in flight for a source**: no entry in the ring, no armed poll, nothing that a
/// packet could wake. A TCP peer then fills our socket's buffer, its window closes, and it stops.
///
/// This package holds interfaces and small values. `io.trale.reactive.codec` makes text, lines and messages of received
/// bytes. All other packages are not exported: `loop` has the contract of a subscription, `buffer` the bytes that no
/// subscriber has consumed, `send` the subscriber of a source, `scheduler` the loop as a Reactor scheduler; `stream`,
/// `datagram`, `file`, `time` and `event` have the implementations. Only [io.trale.reactive.Trale] knows them all.
///
/// Elements are heap buffers of exact size that belong to the subscriber: there is nothing to release, but a
/// [io.trale.reactive.Lease]. A subscriber form of each send is a [io.trale.reactive.Sink].
@NullMarked
package io.trale.reactive;

import org.jspecify.annotations.NullMarked;

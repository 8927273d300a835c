/// I/O as Reactor publishers and subscribers whose demand reaches the kernel.
///
/// **With no demand there is no operation in flight for a source**: no entry in the ring, no armed poll, nothing that a
/// packet could wake. A TCP peer then fills our socket's buffer, its window closes, and it stops.
///
/// Sources share [io.trale.reactive.loop.LoopSubscription], which brings `request` and `cancel` from any thread to the loop;
/// each adds what it submits and what it does with a completion. Elements are heap buffers of exact size that belong to
/// whoever receives them: there is nothing to release. [io.trale.reactive.codec.Strings],
/// [io.trale.reactive.codec.Lines] and
/// [io.trale.reactive.codec.Frames] make text, lines and messages of them, and ask for no more than is wanted of those. On a
/// connection each is an [io.trale.reactive.stream.ReceiveMode] of the receiver, so bytes not consumed stay at the head
/// of the stream.
///
/// What takes elements shares [io.trale.reactive.send.SendSubscriber], which asks a source for no more than a window
/// takes, and
/// [io.trale.reactive.send.Sender], which keeps sends in line; each kind adds how elements become operations. For those
/// who have
/// a publisher but want a subscriber there is a [io.trale.reactive.Sink] of each.
@NullMarked
package io.trale.reactive;

import org.jspecify.annotations.NullMarked;

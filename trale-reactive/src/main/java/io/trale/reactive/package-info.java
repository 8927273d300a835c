/// Sockets, files, timers and events as Reactor publishers and subscribers whose demand reaches the kernel. Open
/// [io.trale.reactive.Trale] first.
///
/// **Without demand, a source has no operation in flight**: no entry in the ring and no armed poll, so no packet wakes the
/// loop. The socket's receive buffer fills, its TCP window closes, and the peer stops sending.
///
/// Elements are heap buffers of exact size that belong to the subscriber. Only a [io.trale.reactive.Lease] must be released.
/// [io.trale.reactive.Sink] is the subscriber form of a send.
///
/// This package has the interfaces, options and values; `io.trale.reactive.codec` decodes text, lines and frames. The other
/// packages are not exported. `loop`: the contract of a subscription. `buffer`: received bytes that are not consumed. `send`:
/// the subscriber of a source. `scheduler`: the loop as a Reactor scheduler. `stream`, `datagram`, `file`, `time`, `event`: the
/// implementations. Only [io.trale.reactive.Trale] depends on all of them.
@NullMarked
package io.trale.reactive;

import org.jspecify.annotations.NullMarked;

/// Connections, listeners and servers, of TCP and of Unix sockets.
///
/// Not exported: what is public here is public for [io.trale.reactive.Trale] only. Read
/// [io.trale.reactive.stream.Receiver] first: one `recv(2)` is in flight while its subscriber has demand, and none
/// otherwise. [io.trale.reactive.stream.SocketConnection] puts receiver, sender and close together.
@NullMarked
package io.trale.reactive.stream;

import org.jspecify.annotations.NullMarked;

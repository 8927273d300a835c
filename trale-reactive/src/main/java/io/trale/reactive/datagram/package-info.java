/// UDP: datagrams received while there is demand, and sent one `sendmsg(2)` each.
///
/// Not exported: what is public here is public for [io.trale.reactive.Trale] only. Read
/// [io.trale.reactive.datagram.DatagramReceiver] first.
@NullMarked
package io.trale.reactive.datagram;

import org.jspecify.annotations.NullMarked;

/// UDP endpoints: datagrams are received while there is demand, and sent with one `sendmsg(2)` each. Open
/// [io.trale.reactive.datagram.DatagramReceiver] first.
///
/// Not exported: public only for [io.trale.reactive.Trale].
@NullMarked
package io.trale.reactive.datagram;

import org.jspecify.annotations.NullMarked;

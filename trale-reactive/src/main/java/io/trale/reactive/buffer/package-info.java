/// Received bytes that wait for a subscriber, decoding in place, and leases. Open [io.trale.reactive.buffer.Unread] first.
///
/// Not exported: public only for the other packages of trale-reactive.
@NullMarked
package io.trale.reactive.buffer;

import org.jspecify.annotations.NullMarked;

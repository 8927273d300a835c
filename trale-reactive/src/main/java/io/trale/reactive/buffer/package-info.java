/// Bytes between the kernel and the subscriber: the unread head of a stream, decoding there, and leases.
///
/// Not exported: what is public here is public for the other packages of trale-reactive only. Read
/// [io.trale.reactive.buffer.Unread] first.
@NullMarked
package io.trale.reactive.buffer;

import org.jspecify.annotations.NullMarked;

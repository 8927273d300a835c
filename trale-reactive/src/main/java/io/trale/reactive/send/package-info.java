/// Sending: the subscriber of a source, the line of sends, and how elements become operations of the kernel.
///
/// Streams, files and datagrams share it. A [io.trale.reactive.send.SendSubscriber] requests no more than fits into a
/// window of bytes. A [io.trale.reactive.send.Sender] keeps sends in line and has one operation in flight. Read
/// [io.trale.reactive.send.SendSubscriber] first. Not exported: what is public here is public for the other packages of
/// trale-reactive only.
@NullMarked
package io.trale.reactive.send;

import org.jspecify.annotations.NullMarked;

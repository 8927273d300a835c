/// The interfaces of byte streams, [io.trale.io.AsyncRead] and [io.trale.io.AsyncWrite], and the [io.trale.io.Buffer] that they
/// read and write. Open `Buffer` first.
package io.trale.io;

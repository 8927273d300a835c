/// Views of received bytes: text, lines, frames, and what a decoder of your own makes of them.
///
/// Each view is applied with `transform`, as in `connection.receive().transform(Lines.of(UTF_8))`. Demand is exact: without
/// demand nothing is requested and nothing is decoded. On a connection, only the bytes of the signalled elements are
/// consumed. Read [io.trale.reactive.codec.Decoder] first.
@NullMarked
package io.trale.reactive.codec;

import org.jspecify.annotations.NullMarked;

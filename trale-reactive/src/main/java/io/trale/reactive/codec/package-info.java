/// Decodes received bytes: text, lines, frames, and formats of your own. Open [io.trale.reactive.codec.Decoder] first.
///
/// Each view is applied with `transform`, as in `connection.receive().transform(Lines.of(UTF_8))`. Demand is exact: without
/// demand nothing is requested and nothing is decoded. On a connection, only the bytes of the signalled elements are consumed.
@NullMarked
package io.trale.reactive.codec;

import org.jspecify.annotations.NullMarked;

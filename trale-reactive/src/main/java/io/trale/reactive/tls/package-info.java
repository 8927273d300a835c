/// TLS: the record protocol of a connection over the user's `SSLEngine`, and the handshake.
///
/// Not exported: what is public here is public for the other packages of trale-reactive only. Read
/// [io.trale.reactive.tls.RecordLayer] first.
@NullMarked
package io.trale.reactive.tls;

import org.jspecify.annotations.NullMarked;

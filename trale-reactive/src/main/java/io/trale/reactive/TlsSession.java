package io.trale.reactive;

import javax.net.ssl.SSLSession;

/// What a TLS handshake has come to: see [Connection#tls].
///
/// @param session the protocol version, the cipher suite and the certificates of both sides
/// @param applicationProtocol the protocol that ALPN has chosen, such as `h2`; empty if there is none
public record TlsSession(SSLSession session, String applicationProtocol) {}

package io.trale.reactive;

import io.trale.net.NetOptions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// How a client connects. Immutable: each method returns a changed copy.
public final class ConnectOptions {

    private static final ConnectOptions DEFAULTS = new ConnectOptions(NetOptions.none(), null);

    private final NetOptions socketOptions;
    private final @Nullable TlsOptions tls;

    private ConnectOptions(NetOptions socketOptions, @Nullable TlsOptions tls) {
        this.socketOptions = socketOptions;
        this.tls = tls;
    }

    /// In the clear; the socket as it is by itself.
    public static ConnectOptions defaults() {
        return DEFAULTS;
    }

    /// Set on the socket before it connects.
    public ConnectOptions socketOptions(NetOptions options) {
        return new ConnectOptions(Objects.requireNonNull(options), tls);
    }

    /// Encrypts: the connection is there when the TLS handshake has ended. Connecting also fails as
    /// [Connection#startTls] does.
    public ConnectOptions tls(TlsOptions options) {
        return new ConnectOptions(socketOptions, Objects.requireNonNull(options));
    }

    /// See [#socketOptions(NetOptions)].
    public NetOptions socketOptions() {
        return socketOptions;
    }

    /// See [#tls(TlsOptions)]; null without TLS.
    public @Nullable TlsOptions tls() {
        return tls;
    }
}

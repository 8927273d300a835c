package io.trale.reactive;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;

/// How a connection uses TLS: over the user's own [SSLContext], which holds keys, trusted certificates and the session cache.
/// Immutable: each method returns a changed copy.
///
/// ```java
/// trale.serve(8443, handler, ServeOptions.defaults().tls(TlsOptions.of(context)));
/// trale.connect("example.org", 443, ConnectOptions.defaults().tls(TlsOptions.of(SSLContext.getDefault())));
/// ```
public final class TlsOptions {

    /// Never changed once an object has them; final there, so that every thread sees them.
    private static final class Values implements Cloneable {

        Consumer<SSLParameters> parameters = unchanged -> { };
        @Nullable String peerHost;
        Duration handshakeTimeout = Duration.ofSeconds(10);
        boolean truncationAllowed;
        Executor taskExecutor = task -> Schedulers.boundedElastic().schedule(task);

        Values changed(Consumer<Values> change) {
            try {
                Values copy = (Values) clone();
                change.accept(copy);
                return copy;
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final SSLContext context;
    private final Values values;

    private TlsOptions(SSLContext context, Values values) {
        this.context = Objects.requireNonNull(context);
        this.values = values;
    }

    private TlsOptions changed(Consumer<Values> change) {
        return new TlsOptions(context, values.changed(change));
    }

    /// TLS over `context`. A client verifies that the certificate is of the host that it connects to; a server asks for no
    /// certificate. Protocols and ciphers are the context's defaults.
    public static TlsOptions of(SSLContext context) {
        return new TlsOptions(context, new Values());
    }

    /// Changes the parameters of each connection before its handshake: protocols, ciphers, ALPN, SNI, client
    /// authentication, endpoint identification. Called on the loop, once for each connection, after what was set by earlier
    /// calls.
    public TlsOptions parameters(Consumer<SSLParameters> change) {
        Objects.requireNonNull(change);
        return changed(copy -> copy.parameters = copy.parameters.andThen(change));
    }

    /// The protocols to offer by ALPN (RFC 7301), the preferred one first, such as `h2` and `http/1.1`.
    public TlsOptions applicationProtocols(String... protocols) {
        String[] copy = protocols.clone();
        return parameters(all -> all.setApplicationProtocols(copy));
    }

    /// For clients: the name of the server, sent by SNI and looked for in its certificate. By default the host that was
    /// connected to. Needed where there is none, as on a Unix socket.
    public TlsOptions peerHost(String name) {
        Objects.requireNonNull(name);
        return changed(copy -> copy.peerHost = name);
    }

    /// How long a handshake may take in all, 10 seconds by default. Then the connection is aborted. Must be positive.
    public TlsOptions handshakeTimeout(Duration limit) {
        if (!limit.isPositive()) {
            throw new IllegalArgumentException("handshakeTimeout is " + limit + ", must be positive");
        }
        return changed(copy -> copy.handshakeTimeout = limit);
    }

    /// Takes the end of the peer's bytes for an orderly end although no close_notify alert came before. By default a receive
    /// fails then, since somebody on the way may have cut the stream off (RFC 8446, 6.1). Only for protocols that
    /// say themselves where a message ends.
    public TlsOptions allowTruncation() {
        return changed(copy -> copy.truncationAllowed = true);
    }

    /// Runs what a handshake computes, such as signatures and the check of certificates, which may also do I/O. By default
    /// that is Reactor's [Schedulers#boundedElastic]. Never on the loop, unless `executor` runs it there.
    public TlsOptions taskExecutor(Executor executor) {
        Objects.requireNonNull(executor);
        return changed(copy -> copy.taskExecutor = executor);
    }

    /// See [#handshakeTimeout(Duration)].
    public Duration handshakeTimeout() {
        return values.handshakeTimeout;
    }

    /// See [#allowTruncation()].
    public boolean isTruncationAllowed() {
        return values.truncationAllowed;
    }

    /// See [#taskExecutor(Executor)].
    public Executor taskExecutor() {
        return values.taskExecutor;
    }

    /// A new engine for a connection from `peer` to this server.
    public SSLEngine serverEngine() {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        apply(engine, engine.getSSLParameters());
        return engine;
    }

    /// A new engine for a connection to `peer`. Throws [IllegalArgumentException] if the host is to be verified and there is
    /// none.
    public SSLEngine clientEngine(SocketAddress peer) {
        String host = values.peerHost != null ? values.peerHost : peer instanceof InetSocketAddress inet ? inet.getHostString() : null;
        int port = peer instanceof InetSocketAddress inet ? inet.getPort() : -1;
        SSLEngine engine = host == null ? context.createSSLEngine() : context.createSSLEngine(host, port);
        engine.setUseClientMode(true);
        SSLParameters all = engine.getSSLParameters();
        all.setEndpointIdentificationAlgorithm("HTTPS");
        apply(engine, all);
        String algorithm = engine.getSSLParameters().getEndpointIdentificationAlgorithm();
        if (host == null && algorithm != null && !algorithm.isEmpty()) {
            throw new IllegalArgumentException("the certificate of " + peer + " cannot be verified without a host name: "
                    + "set TlsOptions.peerHost");
        }
        return engine;
    }

    private void apply(SSLEngine engine, SSLParameters all) {
        values.parameters.accept(all);
        engine.setSSLParameters(all);
    }
}

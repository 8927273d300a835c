package io.trale.reactive.stream;

import io.trale.future.Future;
import io.trale.future.Waker;
import io.trale.net.NetOptions;
import io.trale.net.TcpStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

/// Looks a host up, on a thread of Reactor's that may block, and connects to the first of its addresses that answers. All but
/// the lookup is on the loop.
final class ConnectByName implements Future<TcpStream> {

    private final String host;
    private final int port;
    private final NetOptions options;

    private @Nullable Disposable lookup;
    private volatile @Nullable Waker waker;
    /// The lookup has ended; its outcome is set before.
    private volatile boolean found;
    private InetAddress @Nullable [] addresses;
    private @Nullable Throwable failure;
    private @Nullable Future<TcpStream> connect;

    ConnectByName(String host, int port, NetOptions options) {
        this.host = host;
        this.port = port;
        this.options = options;
    }

    @Override
    public boolean poll(Waker waker) {
        this.waker = waker;
        if (lookup == null) {
            lookup = Schedulers.boundedElastic().schedule(this::lookUp);
        }
        if (!found) {
            return false;
        }
        if (failure != null) {
            return true;
        }
        Future<TcpStream> connect = this.connect;
        if (connect == null) {
            connect = TcpStream.connect(Arrays.stream(Objects.requireNonNull(addresses))
                    .map(ip -> new InetSocketAddress(ip, port)).toList(), options);
            this.connect = connect;
        }
        return connect.poll(waker);
    }

    private void lookUp() {
        try {
            addresses = InetAddress.getAllByName(host);
        } catch (Throwable t) {
            failure = t;
        }
        found = true;
        Waker waker = this.waker;
        if (waker != null) {
            waker.wake();
        }
    }

    @Override
    public TcpStream result() throws Exception {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (Exception) failure;
        }
        return Objects.requireNonNull(connect).result();
    }

    @Override
    public void cancel() {
        if (lookup != null) {
            lookup.dispose();
        }
        if (connect != null) {
            connect.cancel();
        }
    }
}

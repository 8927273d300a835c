package io.trale.reactive;

import io.trale.linux.Errno;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Counters.Count;
import io.trale.reactor.Failure;
import io.trale.reactor.Operation;
import io.trale.uring.Abi;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/// The receiving side of a connection: one `recv(2)` in flight while its subscriber has demand, and none otherwise.
///
/// The operation belongs to the connection, not to the subscriber. Bytes that come when the subscriber has gone stay
/// here, and the next one gets them first.
final class Receiver extends Operation {

    private final Connection connection;

    /// Who holds `receive()`, for the check that there is one at a time. Any thread.
    private final AtomicReference<@Nullable Receiving> holder = new AtomicReference<>();

    // For the loop alone.
    private @Nullable Receiving consumer;
    private @Nullable ByteBuffer head;
    private boolean finished;
    private @Nullable IOException failure;

    Receiver(Connection connection) {
        super(connection.descriptor);
        this.connection = connection;
    }

    /// The publisher of what is received.
    Flux<ByteBuffer> flux() {
        return new ReceiveFlux(this).assembled();
    }

    private BufferGroup group() {
        return connection.loop.reactor.receiveGroup();
    }

    @Override
    protected void fill(Sqe sqe) {
        sqe.prepRecvSelect(connection.descriptor.fd(), group().id(), 0);
    }

    @Override
    protected void complete(int result, int flags) {
        if ((flags & Abi.IORING_CQE_F_BUFFER) != 0) {
            MemorySegment buffer = group().take(flags);
            if (result > 0) {
                byte[] bytes = new byte[result];
                MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, bytes, 0, result);
                head = ByteBuffer.wrap(bytes);
            }
            group().give(flags);
        }
        if (result == 0) {
            finished = true;
        } else if (result < 0) {
            switch (-result) {
                case Errno.ECANCELED, Errno.EINTR, Errno.EAGAIN -> { } // asked again if it is still wanted
                case Errno.ENOBUFS -> connection.loop.reactor.counters().add(Count.NO_BUFFER, 1); // likewise, in line
                default -> failure = Failure.of("recv", connection.descriptor.fd(), connection.remoteAddress(), -result);
            }
        }
        wakeConsumer();
    }

    /// Lets the consumer look: something arrived, or the connection closes. Loop thread.
    void wakeConsumer() {
        Receiving consumer = this.consumer;
        if (consumer != null) {
            consumer.drain();
        }
    }

    private void progress(Receiving consumer) {
        ByteBuffer bytes = head;
        if (bytes != null && consumer.wanted()) {
            head = null;
            consumer.next(bytes);
        }
        if (consumer.isOver()) {
            return;
        }
        if (head != null) { // what was kept waits for demand, unless we close: then nobody will get it
            if (!connection.isOpen()) {
                consumer.fail(connection.closedException("recv"));
            }
        } else if (failure != null) {
            consumer.fail(failure);
        } else if (finished) {
            consumer.complete();
        } else if (!connection.isOpen()) {
            consumer.fail(connection.closedException("recv"));
        } else if (consumer.wanted() && !inFlight()) {
            group().stage(this);
        }
    }

    private void detach(Receiving consumer) {
        if (this.consumer == consumer) {
            this.consumer = null;
        }
        if (this.consumer == null || !this.consumer.wanted()) {
            connection.loop.reactor.cancel(this); // if it brings data all the same, that is the next one's
        }
    }

    /// One subscription to `receive()`.
    private static final class Receiving extends LoopSubscription<ByteBuffer> {

        private final Receiver receiver;

        Receiving(Receiver receiver, CoreSubscriber<? super ByteBuffer> actual) {
            super(receiver.connection.loop, actual);
            this.receiver = receiver;
        }

        @Override
        void start() {
            receiver.consumer = this;
        }

        @Override
        void progress() {
            receiver.progress(this);
        }

        @Override
        void stop() {
            receiver.detach(this);
        }
    }

    private static final class ReceiveFlux extends SourceFlux<ByteBuffer> {

        private final Receiver receiver;

        ReceiveFlux(Receiver receiver) {
            super("traleReceive");
            this.receiver = receiver;
        }

        @Override
        public void subscribe(CoreSubscriber<? super ByteBuffer> actual) {
            Objects.requireNonNull(actual);
            Receiving receiving = new Receiving(receiver, actual);
            Receiving before = receiver.holder.get();
            if (before != null && !before.isOver() || !receiver.holder.compareAndSet(before, receiving)) {
                Operators.error(actual, new IllegalStateException("receive() of " + receiver.connection
                        + " has a subscriber; the next may come when it has cancelled or completed"));
                return;
            }
            receiving.subscribe();
        }
    }
}

package io.trale.reactive.stream;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactive.ReadIdleException;
import io.trale.reactive.buffer.DecodeStep;
import io.trale.reactive.buffer.DecodingSource;
import io.trale.reactive.buffer.Unread;
import io.trale.reactive.loop.SourceFlux;
import io.trale.reactive.loop.UnicastSubscription;
import io.trale.reactive.send.Payload;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Counters.Count;
import io.trale.reactor.Failure;
import io.trale.reactor.Operation;
import io.trale.uring.Abi;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/// The receiving side of a connection: one `recv(2)` in flight while its subscriber has demand, and none otherwise.
///
/// The operation belongs to the connection, not to the subscriber, and so does the [head][Unread] of the stream: bytes that
/// come when the subscriber has gone, and those that it has not consumed. The next one gets them first. What the
/// subscriber makes of the bytes, and which buffers it receives into, is its [ReceiveMode].
final class Receiver extends Operation {

    private final SocketConnection connection;

    private final UnicastSubscription.Place place = new UnicastSubscription.Place();

    // For the loop alone.
    private @Nullable LeaseMode leases;
    /// The buffers that the operation in flight takes one of.
    private @Nullable BufferGroup group;
    /// The buffer that has just come, how much of it counts, and what gives it back.
    private @Nullable MemorySegment arrived;
    private int arrivedBytes;
    private int arrivedFlags;
    Unread head = new Unread(); // tests have one without memory
    private boolean finished;
    private @Nullable ReadIdleException idleFailure;
    /// The peer has ended its side.
    private boolean ended;
    /// Of each receive: `MSG_DONTWAIT` if the input ends with what is in the socket already.
    private int messageFlags;
    final ReadIdle readIdle;
    /// The limit of [#readIdle] was reached just now.
    private boolean idle;
    private @Nullable IOException failure;
    /// Why received bytes were lost. The stream has a gap then: nothing is received any more, and each subscription fails.
    private @Nullable OutOfMemoryError lost;

    Receiver(SocketConnection connection) {
        super(connection.descriptor);
        this.connection = connection;
        readIdle = new ReadIdle(connection.loop.reactor, () -> {
            idle = true;
            wakeConsumer();
            idle = false;
        });
    }

    /// The publisher of what an intake makes of the bytes, asked for on the loop at each subscription.
    <T> Flux<T> flux(String name, Supplier<? extends ReceiveMode<T>> intakes) {
        return new ReceiveFlux<>(this, name, intakes).assembled();
    }

    /// The publisher of copies, at which decoders work in place.
    Flux<ByteBuffer> copies() {
        return new CopyFlux(this).assemble();
    }

    /// True if there was never a subscriber. Any thread.
    boolean isUntouched() {
        return place.isUntouched();
    }

    /// True if a subscription failed with `failure`, of this connection. Loop thread.
    boolean hasFailedWith(Throwable failure) {
        return failure == this.failure || failure == idleFailure;
    }

    /// The intake of leases: one for all subscriptions, since what is on lease is counted. Loop thread.
    LeaseMode leases() {
        LeaseMode leases = this.leases;
        if (leases == null) {
            leases = new LeaseMode(connection.loop, this::wakeConsumer);
            this.leases = leases;
        }
        return leases;
    }

    /// True once the peer has ended its side, and everything was received.
    boolean hasEnded() {
        return ended;
    }

    /// Ends the input after what has come already, as if the peer had ended its side. Loop thread.
    void endInput() {
        messageFlags = Net.MSG_DONTWAIT;
        connection.loop.reactor.cancel(this); // else it waits for more; it is staged anew if it is still wanted
    }

    private BufferGroup group() {
        return Objects.requireNonNull(group, "not staged");
    }

    @Override
    protected void fill(Sqe sqe) {
        readIdle.asked();
        sqe.prepRecvSelect(connection.descriptor.fd(), group().id(), messageFlags);
    }

    @Override
    protected void complete(int result, int flags) {
        readIdle.answered();
        if ((flags & Abi.IORING_CQE_F_BUFFER) != 0) {
            MemorySegment buffer = group().take(flags);
            if (result > 0) {
                arrived = buffer;
                arrivedBytes = result;
                arrivedFlags = flags;
            } else {
                group().give(flags);
            }
        }
        if (result == 0) {
            ended = true;
            failure = connection.sender.brokenBy();
            finished = failure == null;
        } else if (messageFlags != 0 && result == -Errno.EAGAIN) {
            finished = true;
        } else if (result < 0) {
            switch (-result) {
                case Errno.ECANCELED, Errno.EINTR, Errno.EAGAIN -> { } // asked again if it is still wanted
                case Errno.ENOBUFS -> connection.loop.reactor.counters().add(Count.NO_BUFFER, 1); // likewise, in line
                default -> failure = Failure.of("recv", connection.descriptor.fd(), connection.remoteAddress(), -result);
            }
        }
        place.wake();
        MemorySegment unwanted = arrived;
        if (unwanted != null) { // for the next subscriber, then
            arrived = null;
            try {
                ReceiveMode.keep(head, group(), unwanted, arrivedBytes, arrivedFlags);
            } catch (OutOfMemoryError e) {
                lost = e;
                place.wake();
            }
        }
    }

    /// Lets the consumer look: something arrived, a lease came back, or the connection closes. Loop thread.
    void wakeConsumer() {
        place.wake();
    }

    private <T> void progress(Receiving<T> consumer) {
        boolean more;
        while ((more = has(consumer)) && consumer.wanted()) {
            emit(consumer);
        }
        if (!consumer.isOver()) {
            proceed(consumer, more);
        }
    }

    /// True if there may be something to make an element of.
    private boolean has(Receiving<?> consumer) {
        try {
            return arrived != null || consumer.intake().has(head, finished);
        } catch (Throwable t) {
            failToEmit(consumer, t);
            return false;
        }
    }

    /// Ends or asks the kernel. `more` says that there is more to make elements of.
    private void proceed(Receiving<?> consumer, boolean more) {
        if (lost != null && failure == null) {
            failure = new IOException("recv(fd=" + connection.descriptor.fd() + ", "
                    + SocketAddresses.format(connection.remoteAddress()) + "): received bytes were lost for want of memory", lost);
        }
        if (!connection.isOpen() && (more || failure == null && !finished)) {
            consumer.closed();
        } else if (more) {
            return; // waits for demand
        } else if (failure != null) {
            consumer.fail(failure);
        } else if (finished) {
            consumer.complete();
        } else if (idle) {
            idle = false; // not that of whoever subscribes in its place
            idleFailure = new ReadIdleException("recv(fd=" + connection.descriptor.fd() + ", "
                    + SocketAddresses.format(connection.remoteAddress()) + "): nothing came for " + readIdle);
            consumer.fail(idleFailure);
        } else if (consumer.wanted() && !inFlight()) {
            receive(consumer);
        }
    }

    private void receive(Receiving<?> consumer) {
        try {
            ReceiveMode<?> intake = consumer.intake();
            if (intake.ready()) {
                group = intake.group(connection.loop.reactor);
                group.stage(this);
                readIdle.staged();
            }
        } catch (IllegalStateException | OutOfMemoryError noBuffers) {
            consumer.fail(noBuffers);
        }
    }

    private <T> void emit(Receiving<T> consumer) {
        T element;
        try {
            element = take(consumer.intake());
        } catch (Throwable t) {
            failToEmit(consumer, t);
            return;
        }
        if (element != null && consumer.hasLeft()) { // the function has cancelled
            Payload.discard(element, consumer.context());
        } else if (element != null) {
            consumer.next(element);
        }
    }

    /// Makes an element; returns null if more bytes are needed.
    private <T> @Nullable T take(ReceiveMode<T> intake) throws IOException {
        MemorySegment arrived = this.arrived;
        if (arrived == null || intake.has(head, finished)) {
            return intake.take(head, finished);
        }
        this.arrived = null; // from here on they are the intake's
        try {
            return intake.take(head, group(), arrived, arrivedBytes, arrivedFlags);
        } catch (OutOfMemoryError e) { // it does not say whether they were copied
            lost = intake.showsBytes() ? null : e;
            throw e;
        }
    }

    /// No element could be made of the bytes, and so the subscription ends, whatever the reason was: also for want of memory.
    private static void failToEmit(Receiving<?> consumer, Throwable t) {
        Throwable failure = Exceptions.isFatal(t) ? t : Operators.onOperatorError(t, consumer.context());
        if (consumer.isOver()) {
            Operators.onErrorDropped(failure, consumer.context());
        } else {
            consumer.fail(failure);
        }
    }

    /// One subscription.
    private static final class Receiving<T> extends UnicastSubscription<T> {

        private final Receiver receiver;
        private final Supplier<? extends ReceiveMode<T>> intakes;
        private @Nullable ReceiveMode<T> intake;

        Receiving(Receiver receiver, Supplier<? extends ReceiveMode<T>> intakes, CoreSubscriber<? super T> actual) {
            super(receiver.connection.loop, receiver.place, actual);
            this.receiver = receiver;
            this.intakes = intakes;
        }

        ReceiveMode<T> intake() {
            ReceiveMode<T> intake = this.intake;
            if (intake == null) {
                intake = intakes.get();
                this.intake = intake;
            }
            return intake;
        }

        @Override
        protected void advance() {
            receiver.progress(this);
        }

        @Override
        protected void release() {
            receiver.connection.loop.reactor.cancel(receiver);
            if (intake != null) {
                intake.leave(context());
            }
        }

        @Override
        protected void lost(T element, Context context) {
            Payload.discard(element, context);
        }

        @Override
        protected void broken(Throwable fatal) {
            receiver.connection.broken(fatal);
        }

        @Override
        protected boolean isHandled() {
            return receiver.connection.isHandled();
        }

        @Override
        protected Throwable cutOff() {
            return receiver.connection.closedException("recv");
        }

        @Override
        protected String describe() {
            return "receive() of " + receiver.connection;
        }
    }

    private static class ReceiveFlux<T> extends SourceFlux<T> {

        final Receiver receiver;
        private final Supplier<? extends ReceiveMode<T>> intakes;

        ReceiveFlux(Receiver receiver, String name, Supplier<? extends ReceiveMode<T>> intakes) {
            super(name);
            this.receiver = receiver;
            this.intakes = intakes;
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            new Receiving<>(receiver, intakes, Objects.requireNonNull(actual)).subscribe();
        }
    }

    private static final class CopyFlux extends ReceiveFlux<ByteBuffer> implements DecodingSource {

        /// What the user was given.
        private Flux<ByteBuffer> assembled = this;

        CopyFlux(Receiver receiver) {
            super(receiver, "traleReceive", () -> ReceiveMode.COPY);
        }

        Flux<ByteBuffer> assemble() {
            assembled = assembled();
            return assembled;
        }

        @Override
        public boolean isSameAs(Flux<ByteBuffer> flux) {
            return assembled == flux;
        }

        @Override
        public <T> Flux<T> decode(String name, Supplier<? extends DecodeStep<? extends T>> decoders) {
            return receiver.flux(name, () -> new DecodeMode<T>(decoders.get()));
        }
    }
}

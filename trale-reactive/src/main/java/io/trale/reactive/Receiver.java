package io.trale.reactive;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.linux.SocketAddresses;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Counters.Count;
import io.trale.reactor.Failure;
import io.trale.reactor.Operation;
import io.trale.uring.Abi;
import io.trale.uring.Sqe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/// The receiving side of a connection: one `recv(2)` in flight while its subscriber has demand, and none otherwise.
///
/// The operation belongs to the connection, not to the subscriber. Bytes that come when the subscriber has gone stay
/// here, and the next one gets them first. What the subscriber makes of the bytes, and which buffers it receives into,
/// is its [Intake].
final class Receiver extends Operation {

    private final Connection connection;

    private final UnicastSubscription.Place place = new UnicastSubscription.Place();

    // For the loop alone.
    private @Nullable LeaseIntake leases;
    /// The buffers that the operation in flight takes one of.
    private @Nullable BufferGroup group;
    /// The buffer that has just come, how much of it counts, and what gives it back.
    private @Nullable MemorySegment arrived;
    private int arrivedBytes;
    private int arrivedFlags;
    private byte @Nullable [] kept;
    private boolean finished;
    /// The peer has ended its side.
    private boolean ended;
    /// The input ends with what is in the socket already.
    private boolean cutOff;
    final ReadIdle readIdle;
    /// The limit of [#readIdle] was reached just now.
    private boolean idle;
    private @Nullable IOException failure;

    Receiver(Connection connection) {
        super(connection.descriptor);
        this.connection = connection;
        readIdle = new ReadIdle(connection.loop.reactor, () -> {
            idle = true;
            wakeConsumer();
            idle = false;
        });
    }

    /// The publisher of what an intake makes of the bytes, asked for on the loop at each subscription.
    <T> Flux<T> flux(String name, Supplier<Intake<T>> intakes) {
        return new ReceiveFlux<>(this, name, intakes).assembled();
    }

    /// The intake of leases: one for all subscriptions, since what is on lease is counted. Loop thread.
    LeaseIntake leases() {
        LeaseIntake leases = this.leases;
        if (leases == null) {
            leases = new LeaseIntake(connection.loop, this::wakeConsumer);
            this.leases = leases;
        }
        return leases;
    }

    /// True once the peer has ended its side, and everything was received.
    boolean hasEnded() {
        return ended;
    }

    /// Ends the input after what has come already, as if the peer had ended its side. Loop thread.
    void cutOff() {
        cutOff = true;
        connection.loop.reactor.cancel(this); // else it waits for more; it is staged anew if it is still wanted
    }

    private BufferGroup group() {
        return Objects.requireNonNull(group, "not staged");
    }

    @Override
    protected void fill(Sqe sqe) {
        readIdle.asked();
        sqe.prepRecvSelect(connection.descriptor.fd(), group().id(), cutOff ? Net.MSG_DONTWAIT : 0);
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
            finished = true;
        } else if (cutOff && result == -Errno.EAGAIN) {
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
            kept = Intake.bytes(group(), unwanted, arrivedBytes, arrivedFlags);
        }
    }

    /// Lets the consumer look: something arrived, a lease came back, or the connection closes. Loop thread.
    void wakeConsumer() {
        place.wake();
    }

    private <T> void progress(Receiving<T> consumer) {
        if ((arrived != null || kept != null) && consumer.wanted() && !emit(consumer) || consumer.isOver()) {
            return;
        }
        if (kept != null) { // waits for demand, unless we close: then nobody will get it
            if (!connection.isOpen()) {
                consumer.closed();
            }
        } else if (failure != null) {
            consumer.fail(failure);
        } else if (finished) {
            consumer.complete();
        } else if (!connection.isOpen()) {
            consumer.closed();
        } else if (idle) {
            idle = false; // not that of whoever subscribes in its place
            consumer.fail(new ReadIdleException("recv(fd=" + connection.descriptor.fd() + ", "
                    + SocketAddresses.format(connection.remoteAddress()) + "): nothing came for " + readIdle));
        } else if (consumer.wanted() && !inFlight()) {
            receive(consumer);
        }
    }

    private void receive(Receiving<?> consumer) {
        try {
            Intake<?> intake = consumer.intake();
            if (intake.ready()) {
                group = intake.group(connection.loop.reactor);
                group.stage(this);
                readIdle.staged();
            }
        } catch (IllegalStateException | OutOfMemoryError noBuffers) {
            consumer.fail(noBuffers);
        }
    }

    /// Returns false if the subscription ended while the bytes were made an element of.
    private <T> boolean emit(Receiving<T> consumer) {
        T element;
        try {
            Intake<T> intake = consumer.intake();
            byte[] kept = this.kept;
            MemorySegment arrived = this.arrived;
            this.kept = null; // from here on they are the intake's
            this.arrived = null;
            element = kept != null ? intake.take(kept)
                    : intake.take(group(), Objects.requireNonNull(arrived), arrivedBytes, arrivedFlags);
        } catch (Throwable t) {
            failToEmit(consumer, t);
            return false;
        }
        if (consumer.hasLeft()) { // the function has cancelled
            Payload.discard(element, consumer.context());
            return false;
        }
        consumer.next(element);
        return true;
    }

    /// The bytes are gone, and so the subscription ends, whatever it was: also for want of memory.
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
        private final Supplier<Intake<T>> intakes;
        private @Nullable Intake<T> intake;

        Receiving(Receiver receiver, Supplier<Intake<T>> intakes, CoreSubscriber<? super T> actual) {
            super(receiver.connection.loop, receiver.place, actual);
            this.receiver = receiver;
            this.intakes = intakes;
        }

        Intake<T> intake() {
            Intake<T> intake = this.intake;
            if (intake == null) {
                intake = intakes.get();
                this.intake = intake;
            }
            return intake;
        }

        @Override
        void advance() {
            receiver.progress(this);
        }

        @Override
        void release() {
            receiver.connection.loop.reactor.cancel(receiver);
        }

        @Override
        Throwable cutOff() {
            return receiver.connection.closedException("recv");
        }

        @Override
        String describe() {
            return "receive() of " + receiver.connection;
        }
    }

    private static final class ReceiveFlux<T> extends SourceFlux<T> {

        private final Receiver receiver;
        private final Supplier<Intake<T>> intakes;

        ReceiveFlux(Receiver receiver, String name, Supplier<Intake<T>> intakes) {
            super(name);
            this.receiver = receiver;
            this.intakes = intakes;
        }

        @Override
        public void subscribe(CoreSubscriber<? super T> actual) {
            new Receiving<>(receiver, intakes, Objects.requireNonNull(actual)).subscribe();
        }
    }
}

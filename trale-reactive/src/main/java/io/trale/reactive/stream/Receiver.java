package io.trale.reactive.stream;

import io.trale.linux.Errno;
import io.trale.linux.Net;
import io.trale.reactive.ReadIdleException;
import io.trale.reactive.buffer.DecodeStep;
import io.trale.reactive.buffer.DecodingSource;
import io.trale.reactive.buffer.Unread;
import io.trale.reactive.loop.SourceFlux;
import io.trale.reactive.loop.UnicastSubscription;
import io.trale.reactive.send.Payload;
import io.trale.reactive.tls.OpenedInput;
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
/// arrive after the subscriber has gone, and those that it has not consumed. The next subscriber gets them first. A
/// [ReceiveMode] makes elements of the bytes, and names the buffers that they arrive in.
final class Receiver extends Operation {

    private final SocketConnection connection;
    final UnicastSubscription.Place place = new UnicastSubscription.Place();
    final ReadIdle readIdle;

    // For the loop alone.
    Unread head = new Unread(); // tests have one without memory
    /// The buffers that the operation in flight takes one of.
    private @Nullable BufferGroup group;
    /// The buffer that has just arrived, how much of it counts, and the flags that give it back. Null if no buffer is ours.
    private @Nullable MemorySegment arrived;
    private int arrivedBytes;
    private int arrivedFlags;
    private @Nullable LeaseMode leases;
    /// Makes plaintext of what arrives; null if it is plaintext.
    private @Nullable OpenedInput opened;
    /// What `opened` waits for. Nothing is received while that is anything but bytes.
    private OpenedInput.Need need = OpenedInput.Need.BYTES;
    /// The peer has ended its side.
    private boolean ended;
    /// No bytes follow those of the head.
    private boolean finished;
    /// Of each receive: `MSG_DONTWAIT` if the input ends with what is in the socket already.
    private int messageFlags;
    private @Nullable IOException failure;
    /// Why something that was received is lost. The stream has a gap then: nothing is received any more, and each subscription
    /// fails.
    private @Nullable Throwable lost;
    /// The limit of [#readIdle] was reached just now.
    private boolean idle;
    private @Nullable ReadIdleException idleFailure;

    Receiver(SocketConnection connection) {
        super(connection.descriptor);
        this.connection = connection;
        readIdle = new ReadIdle(connection.loop.reactor, () -> {
            idle = true;
            place.wake();
            idle = false;
        });
    }

    /// The publisher of what a mode makes of the bytes. Each subscription asks for its mode, on the loop.
    <T> Flux<T> flux(String name, Supplier<? extends ReceiveMode<T>> modes) {
        return new SourceFlux<T>(name, actual -> new ReceiveSubscription<>(modes, actual)).assembled();
    }

    /// The publisher of copies, at which decoders work in place.
    Flux<ByteBuffer> copies() {
        return new CopyFlux().assemble();
    }

    /// True if a subscription failed with `failure`, of this connection. Loop thread.
    boolean hasFailedWith(Throwable failure) {
        return failure == this.failure || failure == idleFailure;
    }

    /// The mode of leases: one for all subscriptions, since it counts what is on lease. Loop thread.
    LeaseMode leases() {
        LeaseMode leases = this.leases;
        if (leases == null) {
            leases = new LeaseMode(connection.loop, place::wake);
            this.leases = leases;
        }
        return leases;
    }

    /// True once the peer has ended its side, and everything was received.
    boolean hasEnded() {
        return ended;
    }

    /// Ends the input after what has arrived already, as if the peer had ended its side. Loop thread.
    void endInput() {
        messageFlags = Net.MSG_DONTWAIT;
        connection.loop.reactor.cancel(this); // else it waits for more; it is staged again if there is demand
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
        try {
            received(result, flags);
        } catch (Throwable t) { // most likely an OutOfMemoryError
            lost = t;
        }
        try {
            place.wake();
        } finally {
            keepUnwanted();
        }
    }

    private void received(int result, int flags) {
        readIdle.answered();
        if ((flags & Abi.IORING_CQE_F_BUFFER) != 0) {
            MemorySegment buffer = group().take(flags);
            if (result > 0 && opened != null) {
                addSealed(opened, buffer, result, flags);
            } else if (result > 0) {
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
            inputEnds(true);
        } else if (messageFlags != 0 && result == -Errno.EAGAIN) {
            inputEnds(false);
        } else if (result < 0) {
            switch (-result) {
                case Errno.ECANCELED, Errno.EINTR, Errno.EAGAIN -> { } // staged again if there is demand
                case Errno.ENOBUFS -> connection.loop.reactor.counters().add(Count.NO_BUFFER, 1); // likewise
                default -> failure = Failure.of("recv", connection.descriptor.fd(), connection.remoteAddress(), -result);
            }
        }
    }

    /// Keeps what has arrived and was not taken, for the next subscriber.
    private void keepUnwanted() {
        MemorySegment unwanted = arrived;
        if (unwanted != null) {
            arrived = null;
            try {
                ReceiveMode.keep(head, group(), unwanted, arrivedBytes, arrivedFlags);
            } catch (Throwable t) {
                lost = t;
                place.wake();
            }
        }
    }

    private void inputEnds(boolean byPeer) {
        if (opened == null) {
            finished = failure == null;
        } else {
            opened.end(byPeer);
        }
    }

    // ---- TLS

    /// From now on what arrives is made plaintext, that which is in the head already included. There is no subscriber.
    void open(OpenedInput input) {
        opened = input;
        place.forget();
        ByteBuffer waiting = head.take();
        if (waiting != null) {
            input.add(MemorySegment.ofBuffer(waiting), waiting.remaining());
        }
    }

    /// The kernel took bytes to send.
    void outputTaken() {
        if (need == OpenedInput.Need.OUTPUT) {
            connection.loop.execute(place::wake);
        }
    }

    private void addSealed(OpenedInput opened, MemorySegment buffer, int length, int flags) {
        try {
            opened.add(buffer, length);
        } catch (OutOfMemoryError e) {
            lost = e;
        } finally {
            group().give(flags);
        }
    }

    /// Appends plaintext to the head; returns false if there is none.
    private boolean openMore(OpenedInput opened) {
        if (finished || failure != null) {
            return false;
        }
        OpenedInput.Need needed = opened.read(head);
        if (opened.hasAnswers()) {
            connection.sender.progress(); // which sends them
        }
        if (needed == null) {
            return true;
        }
        need = needed;
        switch (needed) {
            case BYTES, OUTPUT -> { }
            case TASKS -> connection.tlsStarted().runTasks();
            case NOTHING -> {
                failure = opened.failure();
                finished = failure == null;
            }
        }
        return false;
    }

    /// One subscription.
    private final class ReceiveSubscription<T> extends UnicastSubscription<T> {

        private final Supplier<? extends ReceiveMode<T>> modes;
        private @Nullable ReceiveMode<T> mode;

        ReceiveSubscription(Supplier<? extends ReceiveMode<T>> modes, CoreSubscriber<? super T> actual) {
            super(connection.loop, place, actual);
            this.modes = modes;
        }

        /// Emits, then ends or receives.
        @Override
        protected void progress() {
            ReceiveMode<T> mode = this.mode;
            boolean more;
            try {
                if (mode == null) {
                    mode = modes.get();
                    this.mode = mode;
                }
                while ((more = has(mode)) && wanted()) {
                    T element = take(mode);
                    if (element != null && hasLeft()) { // the function has cancelled
                        Payload.discard(element, context());
                    } else if (element != null) {
                        next(element);
                    }
                }
            } catch (Throwable t) {
                failToEmit(t);
                return;
            }
            if (isOver()) {
                return;
            }
            if (lost != null && failure == null) {
                failure = new IOException(connection.describe("recv") + ": received bytes were lost because of " + lost, lost);
            }
            if (!connection.isOpen() && (more || failure == null && !finished)) {
                closed();
            } else if (more) {
                return; // until there is demand
            } else if (failure != null) {
                fail(failure);
            } else if (finished) {
                complete();
            } else if (idle) {
                idle = false; // the next subscriber has a limit of its own
                idleFailure = new ReadIdleException(connection.describe("recv") + ": nothing came for " + readIdle);
                fail(idleFailure);
            } else if (wanted() && !inFlight()) {
                receive(mode);
            }
        }

        private boolean has(ReceiveMode<T> mode) throws IOException {
            if (opened == null) {
                return arrived != null || mode.has(head, finished);
            }
            while (!mode.has(head, finished)) {
                if (!wanted() || !openMore(opened)) {
                    return mode.has(head, finished);
                }
            }
            return true;
        }

        /// Makes an element; returns null if more bytes are needed.
        private @Nullable T take(ReceiveMode<T> mode) throws IOException {
            MemorySegment buffer = arrived;
            if (buffer == null || mode.has(head, finished)) {
                return mode.take(head, finished);
            }
            arrived = null; // from here on it belongs to the mode
            int before = head.size();
            try {
                return mode.take(head, group(), buffer, arrivedBytes, arrivedFlags);
            } catch (Throwable t) {
                if (head.size() == before && !mode.hasShownBytes()) { // neither kept nor seen by user code
                    lost = t;
                }
                throw t;
            }
        }

        /// No element could be made of the bytes, so the subscription ends, whatever the reason was: also for want of memory.
        private void failToEmit(Throwable t) {
            Throwable failure = Exceptions.isFatal(t) ? t : Operators.onOperatorError(t, context());
            if (isOver()) {
                Operators.onErrorDropped(failure, context());
            } else {
                fail(failure);
            }
        }

        private void receive(ReceiveMode<T> mode) {
            if (need != OpenedInput.Need.BYTES) {
                return; // bytes do not help TLS now, and would pile up
            }
            try {
                BufferGroup buffers = mode.group(loop.reactor);
                if (buffers != null) {
                    group = buffers;
                    buffers.stage(Receiver.this);
                    readIdle.staged();
                }
            } catch (IllegalStateException | OutOfMemoryError noBuffers) {
                fail(noBuffers);
            }
        }

        @Override
        protected void release() {
            loop.reactor.cancel(Receiver.this);
            if (mode != null) {
                mode.leave(context());
            }
        }

        @Override
        protected void lost(T element, Context context) {
            Payload.discard(element, context);
        }

        @Override
        protected void broken(Throwable fatal) {
            connection.broken(fatal);
        }

        @Override
        protected boolean isHandled() {
            return connection.isHandled();
        }

        @Override
        protected Throwable cutOff() {
            return connection.closedException("recv");
        }

        @Override
        protected String describe() {
            return "receive() of " + connection;
        }
    }

    /// Copies, of which decoders get none: they decode where the bytes are.
    private final class CopyFlux extends SourceFlux<ByteBuffer> implements DecodingSource {

        /// What the user was given.
        private Flux<ByteBuffer> assembled = this;

        CopyFlux() {
            super("traleReceive", actual -> new ReceiveSubscription<>(() -> ReceiveMode.COPY, actual));
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
            return flux(name, () -> new DecodeMode<T>(decoders.get()));
        }
    }
}

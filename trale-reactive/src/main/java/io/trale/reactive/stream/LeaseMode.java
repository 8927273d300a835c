package io.trale.reactive.stream;

import io.trale.reactive.Lease;
import io.trale.reactive.buffer.BufferLease;
import io.trale.reactive.buffer.Unread;
import io.trale.reactive.loop.Loop;
import io.trale.reactor.BufferGroup;
import io.trale.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Makes leases of received bytes, and takes the buffers back.
///
/// One connection has at most an eighth of the buffers on lease, so that a slow consumer leaves buffers for others.
final class LeaseMode implements ReceiveMode<Lease>, BufferLease.Lender {

    private static final int SHARES = 8;

    private final Loop loop;
    private final Runnable whenReady;
    private final boolean tracked = Boolean.getBoolean("trale.leases.track");

    // For the loop alone.
    /// Null before the first receive.
    private @Nullable BufferGroup group;
    private int most;
    private int onLease;

    /// `whenReady` is run on the loop when a buffer is back after [#group] has returned null.
    LeaseMode(Loop loop, Runnable whenReady) {
        this.loop = loop;
        this.whenReady = whenReady;
    }

    @Override
    public @Nullable BufferGroup group(Reactor reactor) {
        BufferGroup group = reactor.pools().leaseGroup();
        this.group = group;
        most = Math.max(1, group.count() / SHARES);
        return onLease < most ? group : null;
    }

    @Override
    public Lease take(Unread head, BufferGroup from, MemorySegment buffer, int length, int flags) {
        if (from != group) { // the receive was staged for a subscriber with another mode
            ReceiveMode.keep(head, from, buffer, length, flags);
            return take(head, false);
        }
        Lease lease;
        try {
            lease = new BufferLease(this, buffer, length, flags, tracked);
        } catch (Throwable t) {
            from.give(flags);
            throw t;
        }
        onLease++;
        return lease;
    }

    @Override
    public Lease take(Unread head, boolean end) {
        Arena memory = Arena.ofShared();
        try {
            MemorySegment segment = head.copyTo(memory);
            Lease lease = new BufferLease(flags -> memory.close(), segment, head.size(), 0, tracked);
            head.clear();
            return lease;
        } catch (Throwable t) {
            memory.close();
            throw t;
        }
    }

    @Override
    public void giveBack(int flags) {
        if (loop.isCurrent()) {
            returned(flags);
        } else if (!loop.execute(() -> returned(flags))) {
            group().give(flags); // after the end
        }
    }

    private void returned(int flags) {
        group().give(flags);
        if (onLease-- == most) {
            loop.execute(whenReady); // not from here: a lease may be closed inside of anything
        }
    }

    private BufferGroup group() {
        return Objects.requireNonNull(group, "nothing was received");
    }
}

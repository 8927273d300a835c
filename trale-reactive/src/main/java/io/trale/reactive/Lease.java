package io.trale.reactive;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;

/// Received bytes in the very memory that the kernel wrote them to, on loan until [#close]: for passing on with no copy.
///
/// **Whoever has a lease closes it**, once it is done with; a second close does nothing. [Connection#sendLeases] does
/// that for the leases it is given. While a lease is open its buffer is missing from a pool of fixed size (see
/// [io.trale.task.ExecutorOptions#leaseBuffers]); when too many are missing, receives of leases wait, and no others. With
/// operators that may drop elements on the way to anything but a send, put `doOnDiscard(Lease.class, Lease::close)` behind
/// them.
///
/// With the system property `trale.leases.track` set to `true` when a connection receives its first lease, leases that
/// are lost are logged, with the place where they were received, and their buffers recovered.
///
/// Any thread, and safe: memory is reached inside [#read] only, never after a close. It stays valid when its connection,
/// or all of the [Trale], is closed first.
public interface Lease extends AutoCloseable {

    /// How many bytes there are.
    int size();

    /// Calls `reader` with the bytes, which it may read and change in place, and returns its result. The segment is native
    /// and valid during the call and on this thread only; a later access throws. Throws [IllegalStateException] if the
    /// lease is closed.
    <R> R read(Function<? super MemorySegment, ? extends R> reader);

    /// A copy of the bytes. Throws [IllegalStateException] if the lease is closed.
    default byte[] toArray() {
        return read(segment -> segment.toArray(ValueLayout.JAVA_BYTE));
    }

    /// Returns the buffer to its pool; a [#read] under way returns it when it ends. Idempotent.
    @Override
    void close();
}

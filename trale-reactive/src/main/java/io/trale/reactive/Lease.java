package io.trale.reactive;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;

/// Received bytes in the memory that the kernel wrote them to, on lease until [#close]: for forwarding without a copy.
///
/// **The holder of a lease must close it**; a second close has no effect. [Connection#sendLeases] closes the leases that it
/// receives. An open lease occupies a buffer of a pool of fixed size (see [io.trale.task.ExecutorOptions#leaseBuffers]). If too
/// many are open, receives of leases wait; other receives do not. Operators may drop elements: unless the leases end in a send,
/// add `doOnDiscard(Lease.class, Lease::close)` after such operators.
///
/// To find leases that were not closed, set the system property `trale.leases.track` to `true` before a connection receives its
/// first lease. If such a lease becomes garbage, the place where it was received is logged, and its buffer is recovered.
///
/// Any thread. The memory is accessible inside [#read] only, never after a close. A lease stays valid if its connection or its
/// [Trale] is closed first.
public interface Lease extends AutoCloseable {

    /// The number of bytes.
    int size();

    /// Calls `reader` with the bytes, which it may change in place, and returns its result. The segment is native and valid
    /// during the call and on this thread only; a later access throws. Throws [IllegalStateException] if the lease is closed.
    <R> R read(Function<? super MemorySegment, ? extends R> reader);

    /// A copy of the bytes. Throws [IllegalStateException] if the lease is closed.
    default byte[] toArray() {
        return read(segment -> segment.toArray(ValueLayout.JAVA_BYTE));
    }

    /// Returns the buffer to its pool; during a [#read], at the end of that read. Idempotent.
    @Override
    void close();
}

package io.trale.task;

import io.trale.reactor.Counters;
import io.trale.reactor.Counters.Count;
import java.time.Duration;

/// What an executor has done since it was created.
///
/// @param enters calls of `io_uring_enter(2)`: the only system calls of the steady state
/// @param submitted entries handed to the kernel, cancels included
/// @param completed completions taken from the kernel
/// @param cancels operations that were cancelled
/// @param overflows how often the completion queue was too small; no completion was lost
/// @param noBuffer receives that found no free buffer and were repeated
/// @param unknown completions that belong to no operation in flight: always 0, unless trale has a fault
/// @param longTurns turns of the loop that took longer than 10 ms, most often because of one callback that computes or blocks;
///     [ExecutorOptions#slowCallback(Duration)] names it
/// @param acceptPauses pauses of 100 ms that listeners made because an accept found no descriptor or no memory
/// @param inFlight operations in flight now
public record Stats(long enters, long submitted, long completed, long cancels, long overflows, long noBuffer,
        long unknown, long longTurns, long acceptPauses, long inFlight) {

    static Stats of(Counters counters) {
        return new Stats(counters.get(Count.ENTERS), counters.get(Count.SUBMITTED), counters.get(Count.COMPLETED),
                counters.get(Count.CANCELS), counters.get(Count.OVERFLOWS), counters.get(Count.NO_BUFFER),
                counters.get(Count.UNKNOWN), counters.get(Count.LONG_TURNS), counters.get(Count.ACCEPT_PAUSES),
                counters.get(Count.IN_FLIGHT));
    }
}

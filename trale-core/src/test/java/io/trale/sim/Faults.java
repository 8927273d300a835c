package io.trale.sim;

import java.util.SplittableRandom;

/// How often the simulated kernel makes use of each freedom that the real one has, from 0 (never) to 1.
///
/// @param late something happens later than it could: a completion, a readiness, a segment on the wire; thereby also in
///        another order
/// @param lateNanos how much later at most
/// @param partialSubmission `enter` takes a part of what is in the submission queue
/// @param shortTransfer a receive, read or send does less than it could
/// @param interruption `enter` ends with EINTR
/// @param shortage `enter` ends with EAGAIN, ENOMEM, or EBUSY if there is overflow
/// @param exhaustion `accept` finds no descriptor or no memory; the connection stays in the backlog
/// @param breakage a transfer, a connect or an accept finds that the connection is broken
/// @param hiccup a transfer ends with EINTR, having done nothing
/// @param lostCancel a cancel comes too late, if there was anything to complete
/// @param noBuffers a receive finds the buffer group empty although it is not
/// @param endedMultishot a multishot operation ends although nothing is wrong
/// @param scribble the kernel writes to memory that is the kernel's at the moment
public record Faults(double late, long lateNanos, double partialSubmission, double shortTransfer, double interruption,
        double shortage, double exhaustion, double breakage, double hiccup, double lostCancel, double noBuffers,
        double endedMultishot, double scribble) {

    /// The kernel as it is on a good day.
    public static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// Everything that loses nothing: no accept fails, no connection breaks, no transfer is interrupted.
    public static final Faults HARMLESS =
            new Faults(0.3, 500_000, 0.2, 0.3, 0.1, 0.05, 0, 0, 0, 0.5, 0.05, 0.1, 0.3);

    /// Everything.
    public static final Faults ALL =
            new Faults(0.3, 500_000, 0.2, 0.3, 0.1, 0.05, 0.1, 0.01, 0.02, 0.5, 0.05, 0.1, 0.3);

    /// As this, with that much exhaustion and hiccups, which lose nothing if they are taken as what they are.
    public Faults exhaustionAndHiccups(double exhaustion, double hiccup) {
        return new Faults(late, lateNanos, partialSubmission, shortTransfer, interruption, shortage, exhaustion, breakage,
                hiccup, lostCancel, noBuffers, endedMultishot, scribble);
    }

    /// Each fault of this with a probability of one half, else not at all: runs in which some never happen find what runs
    /// with all of them hide.
    public Faults someOf(SplittableRandom random) {
        return new Faults(pick(random, late), lateNanos, pick(random, partialSubmission), pick(random, shortTransfer),
                pick(random, interruption), pick(random, shortage), pick(random, exhaustion), pick(random, breakage),
                pick(random, hiccup), pick(random, lostCancel), pick(random, noBuffers), pick(random, endedMultishot),
                pick(random, scribble));
    }

    private static double pick(SplittableRandom random, double probability) {
        return random.nextBoolean() ? probability : 0;
    }
}

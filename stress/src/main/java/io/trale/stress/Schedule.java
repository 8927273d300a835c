package io.trale.stress;

/// A concurrent scenario that must hold under every schedule of its threads. Implementations have a public constructor
/// without arguments, which creates the shared state.
public interface Schedule {

    /// Starts threads, waits for their end, and throws if a check fails. The calling thread takes part.
    void run() throws Exception;

    /// The body of a thread, which may throw.
    interface Act {
        void run() throws Exception;
    }

    /// Starts a thread that runs `act`.
    static Thread go(Act act) {
        Thread thread = new Thread(() -> {
            try {
                act.run();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        thread.start();
        return thread;
    }

    /// Throws if `condition` does not hold.
    static void check(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}

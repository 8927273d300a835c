package io.trale.stress;

/// What some threads do together, to be run under many schedules: it must hold under every one. Each has a public
/// constructor without arguments, which makes what the threads share.
public interface Schedule {

    /// Starts threads, waits for their end, and throws if something is wrong. The caller's thread takes part.
    void run() throws Exception;

    /// Something that may throw.
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

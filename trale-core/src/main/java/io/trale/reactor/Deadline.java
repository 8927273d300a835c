package io.trale.reactor;

/// A time at which the loop calls [#reached], unless the deadline is cancelled before.
///
/// An intrusive entry of the heap in [Deadlines], so a sleeper costs this object and one reference. Loop thread only.
public abstract class Deadline {

    /// The time, in nanoseconds of [io.trale.linux.Kernel#nanoTime].
    long atNanos;

    /// How many deadlines were set before this one. Of two with the same time, the one that was set first comes first.
    long order;

    /// The index in the heap, or -1.
    int index = -1;

    /// Called on the loop thread, once, when the time has come. The deadline has left the heap and may be set again.
    protected abstract void reached();

    /// True from [Deadlines#set] until it is reached or cancelled.
    public final boolean isSet() {
        return index >= 0;
    }
}

package io.trale.reactor;

/// A moment at which something happens on the loop, unless it is called off before.
///
/// A place in the reactor's heap of deadlines, so a sleeper costs this object and one reference. Loop thread only.
public abstract class Deadline {

    /// The moment, in nanoseconds of [io.trale.linux.Kernel#nanoTime].
    long atNanos;

    /// How many were set before this one: of two at the same moment, the first set comes first.
    long order;

    /// The place in the heap, or -1.
    int index = -1;

    /// The moment has come. Called on the loop, once, after the deadline has left the heap; may set it anew.
    protected abstract void reached();

    /// True from [Deadlines#set] until it is reached or called off.
    public final boolean isSet() {
        return index >= 0;
    }
}

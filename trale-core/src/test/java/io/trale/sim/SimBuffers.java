package io.trale.sim;

/// A group of buffers from which receives select.
///
/// The kernel owns a buffer, and may write to it at any time, from the provide until a receive selects it.
interface SimBuffers {

    boolean isEmpty();

    int nextBytes();

    long nextAddress();

    /// Selects the next buffer, which the program owns from now on. Returns its number.
    int take();

    /// Removes the group.
    void close();
}

package io.trale.sim;

/// A group of buffers from which receives pick.
///
/// A buffer is the kernel's from the moment it is given until it is picked, and so may be written to at any time.
interface SimBuffers {

    boolean isEmpty();

    int nextBytes();

    long nextAddress();

    /// Picks the next buffer: it is the program's from now on. Returns its number.
    int take();

    /// The group goes.
    void close();
}

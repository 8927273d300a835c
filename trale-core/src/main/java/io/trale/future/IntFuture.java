package io.trale.future;

import java.io.IOException;

/// A future of a count, such as bytes received, that boxes nothing when asked by [#resultAsInt].
public interface IntFuture extends Future<Integer> {

    /// The value, once [#poll] returned true, or the [IOException] that the operation failed with.
    int resultAsInt() throws IOException;

    @Override
    default Integer result() throws IOException {
        return resultAsInt();
    }
}

package io.trale.future;

import java.io.IOException;

/// A future of an `int`, such as a number of bytes; [#resultAsInt] returns it without boxing.
public interface IntFuture extends Future<Integer> {

    /// The value, as [#result]. Throws the [IOException] of a failed operation.
    int resultAsInt() throws IOException;

    @Override
    default Integer result() throws IOException {
        return resultAsInt();
    }
}

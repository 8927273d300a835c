package io.trale.doctor;

import io.trale.reactor.Descriptor;
import io.trale.reactor.Operation;
import io.trale.uring.Sqe;
import java.util.function.Consumer;

/// An operation that the doctor submits once as a probe.
final class Attempt extends Operation {

    private final Consumer<Sqe> entry;
    private int result;
    private int flags;

    Attempt(Descriptor descriptor, Consumer<Sqe> entry) {
        super(descriptor);
        this.entry = entry;
    }

    /// The result of its completion.
    int result() {
        return result;
    }

    /// The flags of its completion.
    int flags() {
        return flags;
    }

    @Override
    protected void fill(Sqe sqe) {
        entry.accept(sqe);
    }

    @Override
    protected void complete(int result, int flags) {
        this.result = result;
        this.flags = flags;
    }
}

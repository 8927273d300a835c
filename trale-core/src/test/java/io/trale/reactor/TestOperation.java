package io.trale.reactor;

import io.trale.uring.Sqe;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// An operation for tests: runs a function to prepare its entry, and records its completions.
public final class TestOperation extends Operation {

    private final Consumer<Sqe> fill;
    int fills;
    final List<Integer> results = new ArrayList<>();
    final List<Integer> flags = new ArrayList<>();
    Runnable whenComplete = () -> {};

    TestOperation(Descriptor descriptor, Consumer<Sqe> fill) {
        super(descriptor);
        this.fill = fill;
    }

    /// Completes at once with 0.
    public static TestOperation nop(Reactor reactor) {
        return new TestOperation(new Descriptor(reactor, -1), Sqe::prepNop);
    }

    @Override
    protected void fill(Sqe sqe) {
        fills++;
        fill.accept(sqe);
    }

    @Override
    protected void complete(int result, int flags) {
        results.add(result);
        this.flags.add(flags);
        whenComplete.run();
    }
}

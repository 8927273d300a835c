package io.trale.reactive.loop;

import io.trale.future.ErrnoException;
import io.trale.future.Waker;
import io.trale.leaf.CounterIo;
import io.trale.reactor.Descriptor;

/// The counter of a source, read by one `read(2)` at a time. What a cancelled read brings is kept for the next poll.
public final class CounterRead extends CounterIo {

    private final String name;
    /// Read and not taken yet, unsigned.
    private long count;

    /// Reads `descriptor`, which is a `name`.
    public CounterRead(String name, Descriptor descriptor) {
        super(descriptor);
        this.name = name;
    }

    /// Reads if the count is 0 and no read is in flight. Returns true if there is something to [#take]; else `waker` is woken
    /// when there may be.
    public boolean hasCount(Waker waker) throws ErrnoException {
        if (count == 0 && submitOrGetResult(waker)) {
            int result = ioResult();
            reset();
            checked(name, descriptor(), result);
            count = value();
        }
        return count != 0;
    }

    /// Takes the count, but at most `Long.MAX_VALUE` of it. Takes nothing if there is no memory for the result.
    public Long take() {
        Long taken = count < 0 ? Long.MAX_VALUE : count;
        count -= taken;
        return taken;
    }

    @Override
    protected void dispose(int result) {
        if (result > 0) {
            count = value();
        }
    }
}

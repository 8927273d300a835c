package io.trale.reactive.loop;

import io.trale.future.ErrnoException;
import io.trale.future.Waker;
import io.trale.leaf.CounterIo;
import io.trale.reactor.Descriptor;

/// Reads a counter for a source, one `read(2)` at a time. What comes when nobody asks any more stays here.
public final class CounterRead extends CounterIo {

    private final String name;
    /// Read and not taken yet, an unsigned number.
    private long count;

    /// Reads `descriptor`, which is a `name`.
    public CounterRead(String name, Descriptor descriptor) {
        super(descriptor);
        this.name = name;
    }

    /// Asks the kernel if nothing is there and it was not asked already. Returns true if there is something to [#take];
    /// else `waker` is woken when it may be.
    public boolean poll(Waker waker) throws ErrnoException {
        if (count == 0 && submitOrGetResult(waker)) {
            int result = ioResult();
            reset();
            checked(name, descriptor(), result);
            count = value();
        }
        return count != 0;
    }

    /// Takes all there is, or as much of it as a signed number can tell. Takes nothing if there is no memory for the result.
    public Long take() {
        Long taken = count < 0 ? Long.MAX_VALUE : count;
        count -= taken;
        return taken;
    }

    /// Nobody asks any more.
    public void cancel() {
        abandon();
    }

    @Override
    protected void dispose(int result) {
        if (result > 0) {
            count = value();
        }
    }
}

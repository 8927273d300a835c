package io.trale.leaf;

import io.trale.future.Waker;
import io.trale.linux.MessageHeader;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Reactor;
import io.trale.reactor.ScratchPool;
import java.lang.foreign.MemorySegment;

/// An operation that transfers bytes to or from users' buffers, used again and again: the one read, or the one write, of
/// a stream.
///
/// The buffers are lent from staging until the result is taken, or, if the use is given up, until the kernel has let go.
public abstract class BufferIo extends ReactorIo {

    private final String busy;

    /// What the present use is about, or null between uses.
    private BufferSlices slices;
    /// What the kernel has: of the present use, or of one that was given up. Null if it has nothing.
    private BufferSlices kernelSlices;
    private BufferSlices spare = new BufferSlices();
    private int count;

    private ScratchPool pool;
    private MemorySegment arguments;

    /// `busy` is the complaint when a second use is begun before the first has finished.
    protected BufferIo(Descriptor descriptor, String busy) {
        super(descriptor);
        this.busy = busy;
    }

    /// The first of the steps that begin a use: [#add] its parts, then [#begin]. A step that throws begins nothing.
    protected final void prepare() {
        descriptor().checkThread();
        if (slices != null) {
            throw new IllegalStateException(busy);
        }
        if (spare == null) {
            spare = new BufferSlices();
        }
        spare.clear();
    }

    /// Adds `length` bytes of `memory` from `offset` to the use that is being prepared, behind the parts before.
    protected final void add(BufferMemory memory, int offset, int length) {
        spare.add(memory, offset, length);
    }

    /// Begins the use that was prepared.
    protected final void begin() {
        slices = spare;
        spare = null;
    }

    /// Begins a use with all of `memory`.
    protected final void begin(BufferMemory memory) {
        prepare();
        add(memory, 0, (int) memory.capacity());
        begin();
    }

    /// Makes progress; returns true when [#count] is there, and the use is over.
    protected boolean transfer(Waker waker) {
        if (submitOrGetResult(waker)) {
            int result = ioResult();
            takeBack();
            reset();
            end(result);
            return true;
        }
        return false;
    }

    /// Ends the use with `count`.
    protected final void end(int count) {
        this.count = count;
        leave();
    }

    /// The bytes transferred, or `-errno`.
    protected final int count() {
        return count;
    }

    /// What the present use is about.
    protected final BufferSlices slices() {
        return slices;
    }

    /// What the kernel has.
    protected final BufferSlices kernelSlices() {
        return kernelSlices;
    }

    /// Gives the present use up, if there is one.
    public void cancel() {
        descriptor().checkThread();
        if (slices != null) {
            leave();
            abandon();
        }
    }

    /// Called for a use that was given up, with what it brought all the same; [#kernelSlices] is still readable.
    protected void keep(int result) {}

    /// Memory for what the entry names besides the buffers, as [MessageHeader] says, with room for all vectors of [#kernelSlices].
    /// Only in [#fill]; it goes back on the completion.
    protected final MemorySegment takeArguments() {
        Reactor reactor = descriptor().reactor();
        pool = MessageHeader.bytes(kernelSlices.vectorCount()) <= ScratchPool.SMALL_BYTES ? reactor.pools().scratch()
                : reactor.pools().vectors();
        arguments = pool.take();
        return arguments;
    }

    /// What [#takeArguments] gave, or null.
    protected final MemorySegment arguments() {
        return arguments;
    }

    @Override
    protected void released(int result) {
        if (arguments != null) {
            pool.give(arguments);
            arguments = null;
        }
    }

    @Override
    protected void staging() {
        try {
            slices.giveToKernel(this);
        } catch (IllegalStateException misuse) {
            leave();
            throw misuse;
        }
        kernelSlices = slices;
    }

    @Override
    protected final void dispose(int result) {
        keep(result);
        takeBack();
    }

    /// The use is over, if not yet for the kernel.
    private void leave() {
        if (slices != kernelSlices) {
            recycle(slices);
        }
        slices = null;
    }

    private void takeBack() {
        if (kernelSlices != null) {
            if (!isLeft()) {
                kernelSlices.takeBack(this);
            }
            if (kernelSlices != slices) {
                recycle(kernelSlices);
            }
            kernelSlices = null;
        }
    }

    private void recycle(BufferSlices unused) {
        unused.clear();
        spare = unused;
    }
}

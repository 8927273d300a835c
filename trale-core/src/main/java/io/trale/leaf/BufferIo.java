package io.trale.leaf;

import io.trale.future.Waker;
import io.trale.linux.Errno;
import io.trale.linux.MessageHeader;
import io.trale.reactor.Descriptor;
import io.trale.reactor.ScratchPool;
import java.lang.foreign.MemorySegment;

/// An operation that transfers bytes to or from users' buffers, and is reused: the one read, or the one write, of a stream.
///
/// The kernel owns the buffers from staging until the result is taken or, if the use is abandoned, until the last completion.
///
/// [ReactorIo] describes the order of the hooks. This class implements `staging` and `dispose`, and adds two hooks: [#keep], which `dispose` calls while the bytes are still readable, and [#lost], which it calls if `keep` throws.
public abstract class BufferIo extends ReactorIo {

    private final String busy;

    /// The parts of the current use, or null between uses.
    private BufferSlices slices;
    /// The parts that the kernel owns: of the current use, or of one that was abandoned. Null if it owns none.
    private BufferSlices kernelSlices;
    private BufferSlices spare = new BufferSlices();
    private int count;
    private final LateInput late = new LateInput();

    /// `busy` is the message of the exception if a second use begins before the first has finished.
    protected BufferIo(Descriptor descriptor, String busy) {
        super(descriptor);
        this.busy = busy;
    }

    /// First step to begin a use; then [#add] its parts, then [#begin]. If a step throws, the use does not begin.
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

    /// Appends `length` bytes of `memory` from `offset` to the prepared use.
    protected final void add(BufferMemory memory, int offset, int length) {
        spare.add(memory, offset, length);
    }

    /// Begins the prepared use.
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

    /// Polls the use. Returns true if it has ended, and [#count] is available: at once if an abandoned use has left input.
    @Override
    public boolean poll(Waker waker) {
        descriptor().checkThread();
        if (!late.isEmpty() && !inFlight()) {
            end(late.moveTo(slices));
            return true;
        }
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

    /// The bytes transferred, or `-errno`. Throws as [Descriptor#checkThread].
    protected final int count() {
        descriptor().checkThread();
        return count;
    }

    /// The parts of the current use.
    protected final BufferSlices slices() {
        return slices;
    }

    /// The parts that the kernel owns.
    protected final BufferSlices kernelSlices() {
        return kernelSlices;
    }

    /// Abandons the current use, if there is one.
    @Override
    public void cancel() {
        descriptor().checkThread();
        if (slices != null) {
            leave();
            abandon();
        }
    }

    /// Takes the result of an abandoned use; [#kernelSlices] is still readable. If this throws, [#lost] is called.
    protected void keep(int result) {}

    /// There was no memory for what came for an abandoned use. Every later use fails with `ENOMEM`, so none continues behind a
    /// gap as if nothing were missing.
    protected void lost() {
        late.addGap();
    }

    /// Leaves the first `count` bytes of the first part, at least 1, to the next uses. Only to be called in [#keep].
    protected final void keepBytes(int count) {
        late.add(kernelSlices.kernelSegment(), count);
    }

    /// Leaves `error`, which is `-errno`, to the next use, unless it only says that this one was interrupted.
    protected final void keepError(int error) {
        if (error != -Errno.ECANCELED && error != -Errno.EINTR) {
            late.addError(error);
        }
    }

    /// As [#take], for a [MessageHeader] or vectors of all parts of [#kernelSlices].
    protected final MemorySegment takeArguments() {
        boolean isSmall = MessageHeader.bytes(kernelSlices.vectorCount()) <= ScratchPool.SMALL_BYTES;
        return take(isSmall ? pools().scratch() : pools().vectors());
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
        try {
            keep(result);
        } catch (Throwable t) { // most likely an OutOfMemoryError
            lost();
            throw t;
        } finally {
            takeBack();
        }
    }

    /// Ends the use; the kernel may still own its parts.
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

package io.trale.fs;

import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.leaf.BufferIo;
import io.trale.uring.Sqe;
import java.lang.foreign.MemorySegment;

/// The base of reads and writes of a file.
abstract class FileIo extends BufferIo {

    final File file;

    FileIo(File file, String busy) {
        super(file.descriptor(), busy);
        this.file = file;
    }

    /// Begins an operation with `length` bytes of `buffer` from `offset`.
    final void begin(Buffer buffer, int offset, int length) {
        prepare();
        add(buffer.memory(), offset, length);
        begin();
    }

    /// Begins an operation with all of `slices`.
    final void begin(Slice... slices) {
        prepare();
        for (Slice slice : slices) {
            add(slice.buffer().memory(), slice.offset(), slice.length());
        }
        begin();
    }

    /// Fills in the entry; position -1 means the descriptor's own position.
    final void prepare(Sqe sqe, boolean writing, long position) {
        if (!writing) {
            sqe.prepRead(descriptor().fd(), kernelSlices().address(), kernelSlices().length(), position);
        } else if (kernelSlices().count() <= 1) {
            sqe.prepWrite(descriptor().fd(), kernelSlices().address(), kernelSlices().length(), position);
        } else {
            MemorySegment vectors = takeArguments();
            kernelSlices().writeVectors(vectors, 0);
            sqe.prepWritev(descriptor().fd(), vectors.address(), kernelSlices().vectorCount(), position);
        }
    }
}

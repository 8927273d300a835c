package io.trale.sim;

/// `IORING_OP_CLOSE`; the number is taken until the worker that has it comes to it.
final class Close extends SimOperation {

    Close(SimRing ring, Entry entry, SimFile nothing) {
        super(ring, entry, nothing);
    }

    @Override
    int attempt() {
        return kernel.closeDescriptor(entry.fd());
    }

    @Override
    int interest() {
        return 0;
    }
}

package io.trale.sim;

/// `IORING_OP_CLOSE`; the number stays in use until the kernel worker runs the close.
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

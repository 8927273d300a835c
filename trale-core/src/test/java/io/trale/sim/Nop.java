package io.trale.sim;

/// `IORING_OP_NOP`
final class Nop extends SimOperation {

    Nop(SimRing ring, Entry entry, SimFile nothing) {
        super(ring, entry, nothing);
    }

    @Override
    int attempt() {
        return 0;
    }

    @Override
    int interest() {
        return 0;
    }
}

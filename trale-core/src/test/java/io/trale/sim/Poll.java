package io.trale.sim;

import io.trale.linux.Net;
import io.trale.uring.Abi;

/// `IORING_OP_POLL_ADD`, once or multishot.
///
/// Reports `POLLRDHUP` even if not requested, as the real kernel does (`IO_POLL_UNMASK`). A multishot poll posts one
/// completion for the readiness at its start, and then one for each event, even if no data was read in between.
final class Poll extends SimOperation {

    private final int events;
    private final boolean multishot;
    private boolean posted;

    Poll(SimRing ring, Entry entry, SimFile file) {
        super(ring, entry, file);
        events = entry.opFlags() | Net.POLLERR | Net.POLLHUP | SimFile.POLLRDHUP;
        multishot = (entry.length() & Abi.IORING_POLL_ADD_MULTI) != 0;
    }

    @Override
    int attempt() {
        int ready = file.poll() & events;
        if (ready == 0) {
            return PENDING;
        }
        if (posted && !kernel.has(Capability.MULTISHOT_POLL)) {
            return PENDING;
        }
        if (!multishot || kernel.dice.fault(Fault.ENDED_MULTISHOT)) {
            return ready;
        }
        posted = true;
        return ring.postMore(entry.userData(), ready) ? PENDING : ready;
    }

    @Override
    int interest() {
        return events;
    }
}

package io.trale.doctor;

import io.trale.future.ErrnoException;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Net;
import io.trale.linux.Time;
import io.trale.reactor.Failure;
import io.trale.reactor.Limits;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import io.trale.uring.Ring;
import io.trale.uring.SetupFailure;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.IntSupplier;

/// Probes of the kernel: the descriptors that a loop needs, and the ring with its setup flags and operations.
final class RingProbes {

    private RingProbes() {}

    /// Opens and closes an eventfd and a timerfd.
    static void descriptors(Notes notes, Kernel kernel) {
        notes.need("eventfd", () -> opened(kernel, "eventfd", () -> kernel.eventfd(0, Net.EFD_CLOEXEC | Net.EFD_NONBLOCK)));
        notes.need("timerfd", () -> opened(kernel, "timerfd",
                () -> kernel.timerfdCreate(Time.CLOCK_MONOTONIC, Time.TFD_CLOEXEC | Time.TFD_NONBLOCK)));
    }

    private static Finding opened(Kernel kernel, String name, IntSupplier open) throws ErrnoException {
        kernel.close(Failure.check(name, open.getAsInt()));
        return Finding.used(name, "available");
    }

    /// Opens and closes a ring without a loop. Returns true if that succeeds.
    static boolean alone(Notes notes, Kernel kernel) {
        try (Arena arena = Arena.ofShared()) {
            Ring ring = Ring.open(kernel, arena, Limits.DEFAULT.submissionEntries(), Limits.DEFAULT.completionEntries());
            try {
                ring(notes, kernel, ring);
            } finally {
                ring.close();
            }
            return true;
        } catch (ErrnoException e) {
            SetupFailure failure = SetupFailure.of(e.errno());
            notes.add(Finding.missing("ring", "io_uring_setup: " + Errno.describe(e.errno()) + ": " + failure.cause(),
                    failure.remedy()));
            return false;
        }
    }

    /// Reports the setup flags and the operations of `ring`.
    static void ring(Notes notes, Kernel kernel, Ring ring) {
        notes.add(Finding.used("ring", Limits.DEFAULT.submissionEntries() + " submission entries, "
                + Limits.DEFAULT.completionEntries() + " completion entries"));
        flags(notes, ring);
        notes.fact("operations", () -> operations(ring));
    }

    private static void flags(Notes notes, Ring ring) {
        int flags = ring.setupFlags();
        boolean deferred = (flags & Abi.IORING_SETUP_DEFER_TASKRUN) != 0;
        boolean cooperative = (flags & Abi.IORING_SETUP_COOP_TASKRUN) != 0;
        notes.add(deferred ? Finding.used("task work", "DEFER_TASKRUN: completions arrive only during our own calls")
                : Finding.fallback("task work", cooperative ? "COOP_TASKRUN: completions arrive at the end of any system call"
                        : "the kernel interrupts the thread to post completions", "Linux 6.1 or newer"));
        notes.add((flags & Abi.IORING_SETUP_SINGLE_ISSUER) != 0
                ? Finding.used("issuer", "SINGLE_ISSUER: the kernel expects submissions from one thread only")
                : Finding.fallback("issuer", "the kernel expects submissions from any thread", "Linux 6.0 or newer"));
        notes.add((flags & Abi.IORING_SETUP_NO_SQARRAY) != 0
                ? Finding.used("submission queue", "NO_SQARRAY: entries are submitted without an index array")
                : Finding.fallback("submission queue", "entries are submitted through an index array", "Linux 6.6 or newer"));
        notes.add(ring.isRegistered() ? Finding.used("registered ring", "system calls use an index of the ring")
                : Finding.fallback("registered ring", "each system call looks up the descriptor",
                        "Linux 5.18 or newer, with io_uring_register allowed"));
    }

    private static Finding operations(Ring ring) throws ErrnoException {
        List<Opcode> missing = ring.missingOperations();
        return missing.isEmpty()
                ? Finding.used("operations", "all " + Opcode.values().length + " operations that trale uses")
                : Finding.missing("operations", "this kernel does not support " + missing, "trale needs Linux 6.1 or newer");
    }
}

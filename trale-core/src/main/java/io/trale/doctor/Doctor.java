package io.trale.doctor;

import io.trale.linux.Kernel;
import java.nio.file.Path;
import java.util.function.Supplier;

/// Checks whether the machine and the JVM have the features that trale needs.
///
/// It opens a ring and a loop with the code that executors use, tries the features, and closes both. A failed probe becomes
/// a finding and does not stop the other probes.
public final class Doctor {

    private static final Path PROC = Path.of("/proc");

    private Doctor() {}

    /// Runs all probes; takes a few milliseconds. Any thread, with or without an executor. A missing feature is a finding,
    /// not an exception.
    public static Diagnosis examine() {
        return examine(Kernel::real, PROC);
    }

    /// As [#examine()], on `kernel` instead of the real kernel. For tests.
    @SuppressWarnings("exports")
    public static Diagnosis examine(Kernel kernel) {
        return examine(() -> kernel, PROC);
    }

    static Diagnosis examine(Supplier<Kernel> kernels, Path proc) {
        Notes notes = new Notes();
        SystemProbes.run(notes, proc);
        Kernel kernel = JavaProbes.run(notes, kernels);
        if (kernel != null) {
            onNewThread(() -> {
                try {
                    LoopProbes.run(notes, kernel);
                } catch (Throwable t) {
                    notes.add(Finding.missing("loop", Notes.message(t), ""));
                }
            });
        }
        return notes.diagnosis();
    }

    /// Runs `probes` on a new platform thread and waits: a ring belongs to one platform thread, and the caller may be a
    /// virtual thread.
    private static void onNewThread(Runnable probes) {
        Thread thread = Thread.ofPlatform().name("trale-doctor").start(probes);
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // keep waiting: the probes take a few milliseconds
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.trale.doctor;

import io.trale.linux.Kernel;
import java.nio.file.Path;
import java.util.function.Supplier;

/// Examines the machine and the JVM for what trale needs.
///
/// By doing: it opens a ring and a loop with the very code that an executor is made of, for a moment, and reports what they
/// came by. What fails is a finding and hides no other.
public final class Doctor {

    private static final Path PROC = Path.of("/proc");

    private Doctor() {}

    /// Looks at everything; takes a few milliseconds. Any thread, whether or not it has an executor. Never throws because of
    /// what it finds.
    public static Diagnosis examine() {
        return examine(Kernel::real, PROC);
    }

    /// As [#examine()], on another kernel than the real one. For tests.
    @SuppressWarnings("exports")
    public static Diagnosis examine(Kernel kernel) {
        return examine(() -> kernel, PROC);
    }

    static Diagnosis examine(Supplier<Kernel> kernels, Path proc) {
        Notes notes = new Notes();
        SystemProbes.run(notes, proc);
        Kernel kernel = JavaProbes.run(notes, kernels);
        if (kernel != null) {
            onAThreadOfItsOwn(() -> {
                try {
                    LoopProbes.run(notes, kernel);
                } catch (Throwable t) {
                    notes.add(Finding.missing("loop", Notes.words(t), ""));
                }
            });
        }
        return notes.diagnosis();
    }

    /// A ring belongs to a platform thread, which the caller's may not be.
    private static void onAThreadOfItsOwn(Runnable probes) {
        Thread thread = Thread.ofPlatform().name("trale-doctor").start(probes);
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // it takes but a moment
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

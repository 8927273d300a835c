package io.trale.doctor;

import io.trale.linux.Kernel;
import io.trale.task.Async;
import java.util.function.Supplier;

/// Probes of the JVM: version, native access, and support for `Async` blocks.
final class JavaProbes {

    private JavaProbes() {}

    /// Returns the kernel, or null if it cannot be called.
    static Kernel run(Notes notes, Supplier<Kernel> kernels) {
        notes.fact("JDK", () -> Finding.info("JDK", Runtime.version() + ", " + System.getProperty("java.vendor")));
        Kernel kernel = nativeAccess(notes, kernels);
        notes.need("async blocks", () -> Async.isFast()
                ? Finding.used("async blocks", "run on the loop thread")
                : Finding.fallback("async blocks", "each runs on its own thread: two thread switches for each await,"
                        + " and a blocking call blocks the loop", "--add-opens java.base/java.lang=" + target()));
        return kernel;
    }

    /// Checks native access before the first native call, because that call grants it with a warning.
    private static Kernel nativeAccess(Notes notes, Supplier<Kernel> kernels) {
        String name = "native access";
        String flag = "--enable-native-access=" + target();
        boolean granted = JavaProbes.class.getModule().isNativeAccessEnabled();
        try {
            Kernel kernel = kernels.get();
            notes.add(granted ? Finding.used(name, "granted to " + target())
                    : Finding.fallback(name, "allowed with a warning; a later JDK will forbid it", flag));
            return kernel;
        } catch (UnsupportedOperationException e) {
            notes.add(granted ? Finding.missing(name, e.getMessage(), "")
                    : Finding.missing(name, "this JVM forbids it", flag));
            return null;
        }
    }

    /// The name of this module in JVM options.
    private static String target() {
        Module module = JavaProbes.class.getModule();
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }
}

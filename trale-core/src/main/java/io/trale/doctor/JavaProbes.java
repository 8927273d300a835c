package io.trale.doctor;

import io.trale.linux.Kernel;
import io.trale.task.Async;
import java.util.function.Supplier;

/// What the JVM allows.
final class JavaProbes {

    private JavaProbes() {}

    /// Returns the kernel, or null if there is none to be called.
    static Kernel run(Notes notes, Supplier<Kernel> kernels) {
        notes.fact("JDK", () -> Finding.info("JDK", Runtime.version() + ", " + System.getProperty("java.vendor")));
        Kernel kernel = nativeAccess(notes, kernels);
        notes.need("async blocks", () -> Async.isFast()
                ? Finding.used("async blocks", "run on the thread of their loop")
                : Finding.fallback("async blocks", "run on threads of their own: two switches for each await, and a block"
                        + " that blocks, blocks the loop", "--add-opens java.base/java.lang=" + target()));
        return kernel;
    }

    /// The first use of it grants it, with a warning, if it was not; so it is looked at before.
    private static Kernel nativeAccess(Notes notes, Supplier<Kernel> kernels) {
        String name = "native access";
        String flag = "--enable-native-access=" + target();
        boolean granted = JavaProbes.class.getModule().isNativeAccessEnabled();
        try {
            Kernel kernel = kernels.get();
            notes.add(granted ? Finding.used(name, "granted to " + target())
                    : Finding.fallback(name, "allowed with a warning, which a later JDK will make an error", flag));
            return kernel;
        } catch (UnsupportedOperationException e) {
            notes.add(granted ? Finding.missing(name, e.getMessage(), "")
                    : Finding.missing(name, "this JVM forbids it", flag));
            return null;
        }
    }

    /// What options of the JVM name us by.
    private static String target() {
        Module module = JavaProbes.class.getModule();
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }
}

package io.trale.conformance;

import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.sim.Capability;
import io.trale.sim.SimKernel;
import java.util.List;
import java.util.function.Supplier;

/// A kernel, and the size of a ring on it, on which a scenario runs.
record KernelUnderTest(String name, Supplier<Kernel> kernel, int sqEntries, int cqEntries) {

    /// The actions of a scenario on the ring.
    interface Scenario {
        void run(RingBench bench) throws Exception;
    }

    /// Both kernels, each with a small ring and with the smallest one; the simulated kernel also without single capabilities.
    static List<KernelUnderTest> all() {
        return List.of(new KernelUnderTest("real", Libc::new, 8, 16),
                new KernelUnderTest("real, small", Libc::new, 1, 2),
                new KernelUnderTest("simulated", () -> new SimKernel(0), 8, 16),
                new KernelUnderTest("simulated, small", () -> new SimKernel(0), 1, 2),
                lacking(Capability.NO_SQARRAY, 2, 4),
                lacking(Capability.DEFER_TASKRUN, 2, 2),
                lacking(Capability.COOP_TASKRUN, 1, 4),
                lacking(Capability.SINGLE_ISSUER, 8, 16),
                lacking(Capability.REGISTERED_RING, 8, 16));
    }

    private static KernelUnderTest lacking(Capability capability, int sqEntries, int cqEntries) {
        return new KernelUnderTest("simulated, no " + capability, () -> new SimKernel(0).without(capability), sqEntries, cqEntries);
    }

    /// Runs `scenario`, and checks the simulated kernel for leaks.
    void run(Scenario scenario) throws Exception {
        Kernel kernel = this.kernel.get();
        try (RingBench bench = new RingBench(kernel, sqEntries, cqEntries)) {
            scenario.run(bench);
        }
        if (kernel instanceof SimKernel simulated) {
            simulated.assertQuiescent();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}

package io.trale.conformance;

import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.sim.Capability;
import io.trale.sim.SimKernel;
import java.util.List;
import java.util.function.Supplier;

/// Where a scenario runs that has to end the same way everywhere: a kernel, and a ring of some size on it.
record KernelUnderTest(String name, Supplier<Kernel> kernel, int sqEntries, int cqEntries) {

    /// What happens on the ring.
    interface Scenario {
        void run(RingBench bench) throws Exception;
    }

    /// Both kernels, with a ring of some size and with the smallest; the simulated one also as an older one.
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

    /// Runs `scenario`, and checks on the simulated kernel that nothing is left.
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

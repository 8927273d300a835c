/// Tests that the simulated kernel behaves like the real one: each scenario runs on both, and must end in the same way.
///
/// [io.trale.conformance.KernelUnderTest] lists the kernels, and [io.trale.conformance.RingBench] submits single operations.
package io.trale.conformance;

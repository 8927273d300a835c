/// A kernel in Java, for tests: deterministic, seeded, with virtual time, and as hostile as the real one may be.
///
/// [io.trale.sim.SimKernel] stands behind the same methods as libc. It reads entries from the very memory that it hands
/// out through `mmap` and writes completions there, so ring, reactor, executor, futures and publishers run on it
/// unchanged. Everything that the documentation leaves open, such as the order of completions, how much a transfer
/// takes, who wins when a cancel meets a completion, or when a call is interrupted, is decided by the seed: same seed,
/// same run. [io.trale.sim.Faults] says how often; [io.trale.sim.ShadowMemory] knows whose memory is whose, and fails the
/// test that does not; [io.trale.sim.SimThread] is another thread, which may be held up in the middle of a call;
/// [io.trale.testing.Seeds] runs a scenario for as many seeds as there is time for.
///
/// What it claims about the real kernel is in the conformance tests, which run on both. Each file has one thing of the
/// kernel: [io.trale.sim.SimWorld] what is around the calls, [io.trale.sim.SimKernel] the calls and the descriptors,
/// [io.trale.sim.SimRing] an io_uring with its operations, [io.trale.sim.SimFile] and its kinds what descriptors stand for.
package io.trale.sim;

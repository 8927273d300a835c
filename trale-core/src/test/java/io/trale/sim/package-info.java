/// A kernel in Java, for tests: deterministic, seeded, with virtual time, and as hostile as the real one may be.
///
/// [io.trale.sim.SimKernel] stands behind the same methods as libc. It reads entries from the very memory that it hands
/// out through `mmap` and writes completions there, so ring, reactor, executor, futures and publishers run on it
/// unchanged. Everything that the documentation leaves open, such as the order of completions, how much a transfer
/// takes, who wins when a cancel meets a completion, or when a call is interrupted, is decided by the seed: same seed,
/// same run. [io.trale.sim.Faults] says how often; [io.trale.sim.Shadow] knows whose memory is whose, and fails the
/// test that does not; [io.trale.sim.Seeds] runs a scenario for as many seeds as there is time for.
package io.trale.sim;

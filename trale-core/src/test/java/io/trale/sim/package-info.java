/// A simulated kernel in Java, for tests: deterministic and seeded, with virtual time, and as hostile as the real kernel may be.
/// Open [io.trale.sim.SimKernel] first.
///
/// It implements the same interface as libc. It reads entries from the memory that its `mmap` returns, and writes completions
/// there. So ring, reactor, executor, futures and publishers run on it unchanged. The seed decides everything that the
/// documentation of Linux leaves open: the order of completions, the length of a transfer, whether a cancel or a completion
/// comes first, when a call is interrupted. The same seed gives the same run.
///
/// - [io.trale.sim.SimKernel] has the system calls and the descriptors, and [io.trale.sim.SimWorld] the seed, the time and the
///   faults ([io.trale.sim.Faults] sets how often each occurs).
/// - [io.trale.sim.SimRing] is an io_uring instance. [io.trale.sim.SimOperation] is the base of its operations, a class for each
///   opcode. [io.trale.sim.SimFile] is the base of the objects behind descriptors.
/// - [io.trale.sim.ShadowMemory] tracks the owner of all memory, and fails the run on an access by another.
/// - [io.trale.sim.SimThread] is a foreign thread, which may be suspended in a call.
///
/// The tests in `io.trale.conformance` run on this kernel and on the real one. [io.trale.testing.Seeds] runs a scenario for many
/// seeds.
package io.trale.sim;

/// Fixtures that the tests of several packages and modules share.
///
/// On a simulated kernel, [io.trale.testing.Seeds] runs a scenario for many seeds, and
/// [io.trale.testing.CancelAtEveryStep] cancels a future at each step of its life. [io.trale.testing.Script],
/// [io.trale.testing.SettableFuture] and [io.trale.testing.ImpatientFuture] are building blocks of scenarios. On the real
/// kernel, [io.trale.testing.InterceptedKernel] changes single calls, and [io.trale.testing.ProcSelf] reads what the kernel
/// knows of this process.
package io.trale.testing;

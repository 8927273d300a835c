/// The loop as a Reactor scheduler, for operators such as `publishOn`, `timeout` and `delay`.
///
/// Not exported: what is public here is public for the other packages of trale-reactive only. Read
/// [io.trale.reactive.scheduler.TraleScheduler] first.
@NullMarked
package io.trale.reactive.scheduler;

import org.jspecify.annotations.NullMarked;

/// The loop as a Reactor scheduler, for operators such as `publishOn`, `timeout` and `delay`. Open
/// [io.trale.reactive.scheduler.TraleScheduler] first.
///
/// Not exported: public only for the other packages of trale-reactive.
@NullMarked
package io.trale.reactive.scheduler;

import org.jspecify.annotations.NullMarked;

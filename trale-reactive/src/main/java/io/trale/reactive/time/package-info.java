/// Periodic ticks, each subscription with a timer of the kernel's own.
///
/// Not exported: what is public here is public for [io.trale.reactive.Trale] only. Read
/// [io.trale.reactive.time.TickSubscription] first.
@NullMarked
package io.trale.reactive.time;

import org.jspecify.annotations.NullMarked;

/// Periodic ticks; each subscription has a kernel timer. Open [io.trale.reactive.time.TickSubscription] first.
///
/// Not exported: public only for [io.trale.reactive.Trale].
@NullMarked
package io.trale.reactive.time;

import org.jspecify.annotations.NullMarked;

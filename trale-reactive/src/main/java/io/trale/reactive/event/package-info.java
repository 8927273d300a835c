/// Events that any thread signals, counted by the kernel until there is demand.
///
/// Not exported: what is public here is public for [io.trale.reactive.Trale] only. Read
/// [io.trale.reactive.event.EventFdEvent] first.
@NullMarked
package io.trale.reactive.event;

import org.jspecify.annotations.NullMarked;

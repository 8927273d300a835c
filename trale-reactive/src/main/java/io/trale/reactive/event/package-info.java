/// Events: signals from any thread, which the kernel counts until there is demand. Open [io.trale.reactive.event.EventFdEvent]
/// first.
///
/// Not exported: public only for [io.trale.reactive.Trale].
@NullMarked
package io.trale.reactive.event;

import org.jspecify.annotations.NullMarked;

/// The loop thread, and how a subscription to one of its sources behaves: demand, cancellation, signals and ends.
///
/// Not exported: what is public here is public for the other packages of trale-reactive only. Read
/// [io.trale.reactive.loop.LoopSubscription] first. It brings `request` and `cancel` from any thread to the loop. A source
/// with one subscriber at a time extends [io.trale.reactive.loop.UnicastSubscription]. What happens once, such as
/// connecting, is a future of the core behind a [io.trale.reactive.loop.FutureMono].
@NullMarked
package io.trale.reactive.loop;

import org.jspecify.annotations.NullMarked;

/// Fixtures that the tests of several packages share.
///
/// [io.trale.reactive.testing.Support] has connections to peers of the JDK and conditions to wait for.
/// [io.trale.reactive.testing.SimTrale] runs a Trale on a simulated kernel.
/// [io.trale.reactive.testing.RuleCheckingSubscriber] notes each breach of the rules of Reactive Streams;
/// [io.trale.reactive.testing.RandomDemandSubscriber] also requests and cancels at random.
package io.trale.reactive.testing;

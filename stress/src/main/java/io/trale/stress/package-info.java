/// Tests of the state that threads share: races under jcstress, and larger scenarios ([io.trale.stress.Schedule]) under
/// Fray.
///
/// Almost everything in trale belongs to one thread. The exceptions are:
///
/// - [io.trale.task.Inbox] and the wake-ups that it requires
/// - the bits and the joiner of a task
/// - the continuation of an async block, if another thread unparks it
/// - the eventfds, and the time of their close
/// - the mutex
/// - demand and cancel of a subscription
/// - the use counts of leases
/// - the tasks of a scheduler
/// - elements that the source of a send has emitted when the loop ends
///
/// Each race is a class with two actors, in the package of the class that it tests. Its outcomes list the allowed results.
///
/// A test of a race proves something only if it can fail. So each class declares broken twins with [io.trale.stress.Twin]:
/// the same source with one change, for example a check and a store in place of a compare-and-set. The build compiles the
/// twins and runs the same actors on them. It fails unless a forbidden outcome occurs.
package io.trale.stress;

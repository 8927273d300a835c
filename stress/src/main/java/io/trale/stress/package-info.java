/// What threads share, under jcstress, and in larger scenarios under Fray, as each [io.trale.stress.Schedule].
///
/// Almost everything in trale belongs to one thread. The rest is few: [io.trale.task.Inbox] and the rings that it asks for, the
/// bits and the joiner of a task, the eventfds and when they may be closed, the mutex, the notes that a subscription takes,
/// the loans of leases, the tasks of a scheduler, and what the source of a send has emitted when the loop ends. Each race has a class in the package of what it tests, named after it, with two actors; what
/// may come of it, and why nothing else may, is said by its outcomes.
///
/// A race that nobody loses proves nothing if it cannot be lost. So each class also names its broken twins, by
/// [io.trale.stress.Twin]: the same source but for one place, where for instance a compare-and-set has become a look and a
/// store. The build makes them, runs the very same actors on them, and fails unless what is forbidden is seen.
package io.trale.stress;

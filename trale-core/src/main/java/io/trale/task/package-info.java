/// The executor: tasks, the run queue, and the inbox through which other threads reach it.
///
/// A task is in one of two places: in the run queue, waiting for its turn to be polled, or nowhere, waiting to be
/// woken. There is no wait queue to search: a waker *is* its task, and waking is setting a bit and queueing.
package io.trale.task;

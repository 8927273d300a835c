/// The executor: its loop, its tasks, the run queue, and the inbox through which other threads reach it.
///
/// Open `Loop` first: one turn of the loop, on one screen. Then [io.trale.task.Executor] and `Task`.
///
/// A task that is runnable is in the run queue. A task that waits is in no queue: the future that it waits for has its waker,
/// which *is* the task, and to wake it is to set a bit and to enqueue it.
package io.trale.task;

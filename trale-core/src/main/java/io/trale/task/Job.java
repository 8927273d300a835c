package io.trale.task;

/// Code that the loop runs once. A job is in at most one queue at a time, since it holds the link.
abstract class Job {

    Job next;

    /// Runs on the loop thread.
    abstract void run();

    /// The object whose class names this job in a report of slow callbacks.
    Object code() {
        return this;
    }
}

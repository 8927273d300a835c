package io.trale.task;

/// Something that the loop runs once. In at most one queue at a time, since the queue's link is here.
abstract class Job {

    Job next;

    /// Runs on the loop thread.
    abstract void run();

    /// The code that [#run] runs, whose class names this job in a report.
    Object code() {
        return this;
    }
}

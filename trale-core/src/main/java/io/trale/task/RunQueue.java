package io.trale.task;

/// The jobs that are ready to run, first in, first out. Loop thread only.
final class RunQueue {

    private Job first;
    private Job last;

    boolean isEmpty() {
        return first == null;
    }

    void add(Job job) {
        assert job.next == null && job != last : job + " is queued already";
        if (first == null) {
            first = job;
        } else {
            last.next = job;
        }
        last = job;
    }

    /// Takes the first job, or null.
    Job poll() {
        Job job = first;
        if (job != null) {
            first = job.next;
            job.next = null;
            if (first == null) {
                last = null;
            }
        }
        return job;
    }
}

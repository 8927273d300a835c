package io.trale.task;

import io.trale.future.Future;
import io.trale.future.Waker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Completes with the values of all its futures.
final class Join<T> implements Future<List<T>> {

    private final List<Future<? extends T>> futures;
    private final boolean[] done;
    private final List<T> values;
    private int left;
    private boolean taken;
    private final BoundLoop loop = new BoundLoop();
    private Throwable failure;

    Join(List<Future<? extends T>> futures) {
        this.futures = futures;
        done = new boolean[futures.size()];
        values = new ArrayList<>(Collections.nCopies(futures.size(), null));
        left = futures.size();
    }

    @Override
    public boolean poll(Waker waker) {
        loop.enter();
        for (int i = 0; i < done.length; i++) {
            if (!done[i] && futures.get(i).poll(waker)) {
                done[i] = true;
                left--;
                try {
                    values.set(i, futures.get(i).result());
                } catch (Throwable t) {
                    failure = t;
                    giveUp();
                    return true;
                }
            }
        }
        return left == 0;
    }

    @Override
    public List<T> result() throws Exception {
        loop.check();
        taken = true;
        return Outcome.of(values, failure);
    }

    @Override
    public void cancel() {
        loop.check();
        if (!taken) {
            giveUp();
        }
    }

    private void giveUp() {
        IllegalStateException thrown = null;
        for (int i = 0; i < done.length; i++) {
            try {
                giveUp(i);
            } catch (Exception e) { // the others are cancelled all the same
                if (failure != null) {
                    failure.addSuppressed(e);
                } else if (thrown == null) {
                    thrown = new IllegalStateException("closing a discarded value failed", e);
                } else {
                    thrown.addSuppressed(e);
                }
            }
        }
        if (thrown != null) {
            throw thrown;
        }
    }

    private void giveUp(int i) throws Exception {
        if (!done[i]) {
            done[i] = true;
            futures.get(i).cancel();
        } else if (values.set(i, null) instanceof AutoCloseable value) {
            value.close();
        }
    }
}

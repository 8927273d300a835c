package io.trale.reactive.testing;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// Reports the terminal signal of an operation once, null for completion; may cancel before.
public class EndListener extends RuleCheckingSubscriber<Void> {

    private final Consumer<Throwable> whenEnded;
    private boolean cancelledEarly;

    public EndListener(List<String> breaches, Consumer<Throwable> whenEnded) {
        super(breaches);
        this.whenEnded = whenEnded;
    }

    @Override
    protected final boolean signalsMayFollowCancel() {
        return true; // operators may signal late
    }

    @Override
    protected final void start() {
        request(1);
    }

    @Override
    protected final void element(Void nothing) {
        breaches.add("an element of nothing");
    }

    @Override
    protected final void end(Throwable failure) {
        if (!cancelledEarly) {
            whenEnded.accept(failure);
        }
    }

    public final void cancelEarly() {
        if (!isOver()) {
            cancelledEarly = true;
            cancel();
            whenEnded.accept(new CancellationException());
        }
    }
}

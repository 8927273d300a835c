package io.trale.reactive.testing;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// Told once how something ended, with null if well; may give up before.
public class EndListener extends RuleCheckingSubscriber<Void> {

    private final Consumer<Throwable> whenOver;
    private boolean gaveUp;

    public EndListener(List<String> breaches, Consumer<Throwable> whenOver) {
        super(breaches);
        this.whenOver = whenOver;
    }

    @Override
    protected final boolean signalsMayFollowCancel() {
        return true; // of the operators between
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
        if (!gaveUp) {
            whenOver.accept(failure);
        }
    }

    public final void giveUp() {
        if (!isOver()) {
            gaveUp = true;
            cancel();
            whenOver.accept(new CancellationException());
        }
    }
}

package io.trale.reactive;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// Told once how something ended, with null if well; may give up before.
class Outcome extends Strict<Void> {

    private final Consumer<Throwable> whenOver;
    private boolean gaveUp;

    Outcome(List<String> breaches, Consumer<Throwable> whenOver) {
        super(breaches);
        this.whenOver = whenOver;
    }

    @Override
    final boolean signalsMayFollowCancel() {
        return true; // of the operators between
    }

    @Override
    final void start() {
        request(1);
    }

    @Override
    final void element(Void nothing) {
        breaches.add("an element of nothing");
    }

    @Override
    final void end(Throwable failure) {
        if (!gaveUp) {
            whenOver.accept(failure);
        }
    }

    final void giveUp() {
        if (!isOver()) {
            gaveUp = true;
            cancel();
            whenOver.accept(new CancellationException());
        }
    }
}

package io.trale.reactive;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// Told how something ended, with null if well; may give up before.
final class Outcome extends Strict<Void> {

    private final Consumer<Throwable> whenOver;

    Outcome(List<String> breaches, Consumer<Throwable> whenOver) {
        super(breaches);
        this.whenOver = whenOver;
    }

    @Override
    boolean signalsMayFollowCancel() {
        return true; // of the operators between
    }

    @Override
    void start() {
        request(1);
    }

    @Override
    void element(Void nothing) {
        breaches.add("an element of nothing");
    }

    @Override
    void end(Throwable failure) {
        whenOver.accept(failure);
    }

    void giveUp() {
        if (!isOver()) {
            cancel();
            whenOver.accept(new CancellationException());
        }
    }
}

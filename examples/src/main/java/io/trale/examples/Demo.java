package io.trale.examples;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// The main job on one screen.
@Command(name = "demo", mixinStandardHelpOptions = true,
        description = "Ten seconds of everything: an echo server and its clients, one of them slow.")
final class Demo implements Callable<Integer> {

    @Override
    public Integer call() {
        return 0;
    }
}

package io.trale.examples;

import picocli.CommandLine.Model.CommandSpec;

/// Port numbers on the command line.
public final class Ports {

    private Ports() {}

    /// `port`, if it is one; else the command line is at fault.
    public static int checked(CommandSpec spec, int port) {
        return Numbers.checked(spec, "--port", port, 0, 65535);
    }

    /// The port that `text` says, or -1 if it says none.
    static int parsed(String text) {
        try {
            int port = Integer.parseInt(text);
            return port > 0 && port <= 65535 ? port : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}

package io.trale.examples;

import picocli.CommandLine.Model.CommandSpec;

/// Checks port numbers on the command line.
public final class Ports {

    private Ports() {}

    /// Returns `port`. If it is not from 0 to 65535, throws an exception that names `--port`.
    public static int checked(CommandSpec spec, int port) {
        return Numbers.checked(spec, "--port", port, 0, 65535);
    }

    /// The port number in `text`, or -1 if it is not one.
    static int parsed(String text) {
        try {
            int port = Integer.parseInt(text);
            return port > 0 && port <= 65535 ? port : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}

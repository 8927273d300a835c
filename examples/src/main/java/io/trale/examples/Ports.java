package io.trale.examples;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Port numbers on the command line.
public final class Ports {

    private Ports() {}

    /// `port`, if it is one; else the command line is at fault.
    public static int checked(CommandSpec spec, int port) {
        if (port < 0 || port > 65535) {
            throw new ParameterException(spec.commandLine(), "--port is " + port + ", must be from 0 to 65535");
        }
        return port;
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

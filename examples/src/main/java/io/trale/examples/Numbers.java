package io.trale.examples;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Checks numbers on the command line.
final class Numbers {

    private Numbers() {}

    /// Returns `value`. If it is not from `min` to `max`, throws an exception that names `option`.
    static int checked(CommandSpec spec, String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new ParameterException(spec.commandLine(),
                    option + " is " + value + ", must be from " + min + " to " + max);
        }
        return value;
    }
}

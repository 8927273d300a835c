package io.trale.examples;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Numbers on the command line.
final class Numbers {

    private Numbers() {}

    /// `value`, if it is from `min` to `max`; else the command line is at fault, which says so of `option`.
    static int checked(CommandSpec spec, String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new ParameterException(spec.commandLine(),
                    option + " is " + value + ", must be from " + min + " to " + max);
        }
        return value;
    }
}

package io.trale.examples;

import java.lang.reflect.InvocationTargetException;

/// The entry point of `java -jar`, compiled for older JVMs so that it can report a JVM that is too old.
public final class Main {

    private static final int NEEDED = 25;

    private Main() {}

    /// Runs the command line; see [Cli].
    public static void main(String[] args) throws Throwable {
        if (Runtime.version().feature() < NEEDED) {
            System.err.println("trale: needs Java " + NEEDED + " or newer; this is Java " + Runtime.version());
            System.exit(1);
        }
        try {
            Class.forName("io.trale.examples.Cli").getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}

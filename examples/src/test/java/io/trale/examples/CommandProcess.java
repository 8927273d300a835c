package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A server command in a separate JVM, as a user starts it.
final class CommandProcess implements AutoCloseable {

    /// The exit status of a JVM that SIGTERM has ended.
    static final int TERMINATED = 128 + 15;

    private final Process process;
    private final BufferedReader out;
    private final BufferedReader err;
    private final int port;

    /// Starts the command and waits until it is ready.
    CommandProcess(String... args) throws IOException {
        process = prepared(args).start();
        out = process.inputReader();
        err = process.errorReader();
        String ready = out.readLine();
        assertThat(ready).matches("listening on port [0-9]+");
        port = Integer.parseInt(ready.substring(ready.lastIndexOf(' ') + 1));
    }

    /// A process builder for a command.
    static ProcessBuilder prepared(String... args) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command);
    }

    int port() {
        return port;
    }

    Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    /// The next line on stdout.
    String said() throws IOException {
        return out.readLine();
    }

    /// The next line on stderr.
    String complained() throws IOException {
        return err.readLine();
    }

    /// Sends SIGTERM, which ends the command in an orderly way, as Ctrl-C does.
    void terminate() {
        process.toHandle().destroy(); // unlike Process.destroy, this does not close its streams
    }

    int waitFor() throws InterruptedException {
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

package io.trale.examples;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A directory that is served; resolves names to files within it. Reads the file system, which may block. Any thread.
public final class Root {

    private final Path directory;

    /// Serves the files under `directory`. Throws if it does not exist.
    public Root(Path directory) throws IOException {
        this.directory = directory.toRealPath();
    }

    /// The real path of `name` relative to the directory, with every `..` and link resolved. Throws [NoSuchFileException] if
    /// the file does not exist, or if it is not under the directory.
    public Path find(String name) throws IOException {
        Path real;
        try {
            real = directory.resolve("./" + name).toRealPath(); // relative, even if the name begins with a slash
        } catch (InvalidPathException e) {
            throw new NoSuchFileException(name);
        }
        if (!real.startsWith(directory)) {
            throw new NoSuchFileException(name);
        }
        return real;
    }
}

package io.trale.examples;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A directory whose files are served, and nothing else is. Asks the file system, which may block; any thread.
public final class Root {

    private final Path directory;

    /// Everything under `directory`. Throws if it is not there.
    public Root(Path directory) throws IOException {
        this.directory = directory.toRealPath();
    }

    /// Where `name` leads from here, with every `..` and every link followed. Throws [NoSuchFileException] if there is
    /// nothing, or if that is not under the directory.
    public Path find(String name) throws IOException {
        Path real;
        try {
            real = directory.resolve("./" + name).toRealPath(); // so it is a relative path, whatever it begins with
        } catch (InvalidPathException e) {
            throw new NoSuchFileException(name);
        }
        if (!real.startsWith(directory)) {
            throw new NoSuchFileException(name);
        }
        return real;
    }
}

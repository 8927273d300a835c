package io.trale.sim;

import io.trale.linux.Errno;
import io.trale.linux.Files;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.TreeMap;

/// The file system: directories, files and named pipes. The current directory is the root.
final class SimDisk {

    private static final int MAX_NAME = 255;

    /// The object that a name in a directory refers to.
    sealed interface Node {}

    record Directory(TreeMap<String, Node> names) implements Node {}

    record Pipe(SimPipe pipe) implements Node {}

    /// The bytes of a file, shared by all descriptors of it.
    static final class Content implements Node {
        byte[] bytes = {};

        void write(byte[] source, long offset) {
            int at = Math.toIntExact(offset);
            if (bytes.length < at + source.length) {
                bytes = Arrays.copyOf(bytes, at + source.length);
            }
            System.arraycopy(source, 0, bytes, at, source.length);
        }
    }

    private final SimKernel kernel;
    private final Directory root = new Directory(new TreeMap<>());

    SimDisk(SimKernel kernel) {
        this.kernel = kernel;
    }

    /// A resolved path: its last directory and the name in that directory, or an error.
    private record Place(Directory directory, String name, int errno) {

        Node node() {
            return name == null ? directory : directory.names.get(name);
        }
    }

    private Place find(int from, String path) {
        if (from != Files.AT_FDCWD && !path.startsWith("/")) {
            return new Place(null, null, Errno.EBADF);
        }
        if (path.isEmpty()) {
            return new Place(null, null, Errno.ENOENT);
        }
        ArrayDeque<String> names = new ArrayDeque<>();
        for (String name : path.split("/")) {
            if (name.length() > MAX_NAME) {
                return new Place(null, null, Errno.ENAMETOOLONG);
            }
            if (!name.isEmpty() && !name.equals(".")) {
                names.add(name);
            }
        }
        Directory here = root;
        while (names.size() > 1) {
            switch (here.names.get(names.remove())) {
                case Directory next -> here = next;
                case null -> {
                    return new Place(null, null, Errno.ENOENT);
                }
                default -> {
                    return new Place(null, null, SimErrno.ENOTDIR);
                }
            }
        }
        return new Place(here, names.poll(), 0);
    }

    /// `openat(2)`: the open file, or null with the reason in `errno`.
    int open(int from, String path, int flags) {
        Place place = find(from, path);
        if (place.errno != 0) {
            return -place.errno;
        }
        Node node = place.node();
        boolean writes = (flags & (Files.O_WRONLY | Files.O_RDWR)) != 0;
        if (node == null) {
            if ((flags & Files.O_CREAT) == 0) {
                return -Errno.ENOENT;
            }
            if (kernel.dice.fault(Fault.DISK_FULL)) {
                return -SimErrno.ENOSPC;
            }
            node = new Content();
            place.directory.names.put(place.name, node);
        } else if ((flags & Files.O_CREAT) != 0 && (flags & Files.O_EXCL) != 0) {
            return -SimErrno.EEXIST;
        }
        if (kernel.descriptorsLeft() == 0) {
            return -Errno.EMFILE;
        }
        return switch (node) {
            case Directory _ when writes || (flags & Files.O_CREAT) != 0 -> -SimErrno.EISDIR;
            case Directory _ -> kernel.install(new SimDirectory(kernel));
            case Pipe named -> named.pipe.open(flags);
            case Content content -> {
                if ((flags & Files.O_TRUNC) != 0) {
                    content.bytes = new byte[0];
                }
                yield kernel.install(new SimOpenFile(kernel, content, flags));
            }
        };
    }

    boolean isPipe(int from, String path) {
        Place place = find(from, path);
        return place.errno == 0 && place.node() instanceof Pipe;
    }

    int mkdir(int from, String path) {
        Place place = find(from, path);
        if (place.errno != 0) {
            return -place.errno;
        }
        if (place.node() != null) {
            return -SimErrno.EEXIST;
        }
        if (kernel.dice.fault(Fault.DISK_FULL)) {
            return -SimErrno.ENOSPC;
        }
        place.directory.names.put(place.name, new Directory(new TreeMap<>()));
        return 0;
    }

    SimPipe pipe(String path) {
        Place place = find(Files.AT_FDCWD, path);
        SimPipe pipe = new SimPipe(kernel);
        if (place.errno != 0 || place.directory.names.putIfAbsent(place.name, new Pipe(pipe)) != null) {
            throw kernel.failed("cannot create a pipe at " + path);
        }
        return pipe;
    }

    /// Sets the content of the file at `path`; creates the file if it does not exist.
    void write(String path, byte[] bytes) {
        Place place = find(Files.AT_FDCWD, path);
        if (place.errno != 0
                || !(place.directory.names.computeIfAbsent(place.name, name -> new Content()) instanceof Content content)) {
            throw kernel.failed("cannot create a file at " + path);
        }
        content.bytes = bytes.clone();
    }

    /// The content of the file at `path`.
    byte[] bytes(String path) {
        Place place = find(Files.AT_FDCWD, path);
        if (place.errno == 0 && place.node() instanceof Content content) {
            return content.bytes.clone();
        }
        throw kernel.failed("no file at " + path);
    }
}

package io.trale.fs;

import io.trale.future.ErrnoException;
import io.trale.linux.Files;
import io.trale.reactor.Reactor;
import io.trale.uring.Sqe;
import java.nio.file.Path;

/// Creates a directory.
final class Mkdir extends NameFuture<Void> {

    Mkdir(Path path) {
        super(path);
    }

    @Override
    NameIo operation(Reactor reactor) {
        return new NameIo(reactor) {
            @Override
            protected void fill(Sqe sqe) {
                sqe.prepMkdirat(Files.AT_FDCWD, takeName(pools().paths()), 0777);
            }
        };
    }

    @Override
    public Void result() throws ErrnoException {
        check("mkdir");
        return null;
    }
}

package io.trale.sim;

import io.trale.linux.Files;

/// An open directory. No operation of trale works on one.
final class SimDirectory extends SimFile {

    SimDirectory(SimKernel kernel) {
        super(kernel);
    }

    @Override
    int poll() {
        return 0;
    }

    @Override
    int read(long address, int length, long offset) {
        return -SimErrno.EISDIR;
    }

    @Override
    int write(long address, int length, long offset) {
        return -io.trale.linux.Errno.EBADF;
    }

    @Override
    int sync() {
        return 0;
    }

    @Override
    long seek(long offset, int whence) {
        return whence == Files.SEEK_SET ? offset : 0;
    }
}

package io.trale.sim;

import io.trale.linux.Net;
import java.util.LinkedHashMap;
import java.util.Map;

/// An `epoll(7)` descriptor: readable while a file in the set is ready. Level-triggered, and for requested events only.
final class SimEpoll extends SimFile {

    private final Map<SimFile, Integer> watched = new LinkedHashMap<>();

    SimEpoll(SimKernel kernel) {
        super(kernel);
    }

    int add(SimFile file, int events) {
        if (watched.putIfAbsent(file, events | Net.POLLERR | Net.POLLHUP) != null) {
            return -SimErrno.EEXIST;
        }
        file.watch(this);
        changed();
        return 0;
    }

    void forget(SimFile file) {
        watched.remove(file);
        file.unwatch(this);
    }

    @Override
    int poll() {
        for (Map.Entry<SimFile, Integer> watch : watched.entrySet()) {
            if ((watch.getKey().poll() & watch.getValue()) != 0) {
                return Net.POLLIN;
            }
        }
        return 0;
    }

    @Override
    void released() {
        watched.keySet().forEach(file -> file.unwatch(this));
        watched.clear();
    }
}

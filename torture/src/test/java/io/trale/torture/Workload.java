package io.trale.torture;

import java.util.SplittableRandom;

/// A kind of work for one thread, and its weight in the random choice.
enum Workload {
    ECHO(6, ConnectionWork::echo), LOOP_ECHO(6, ConnectionWork::loopEcho), BREAKING_CLIENT(3, ConnectionWork::breakingClient),
    BREAKING_LOOP_CLIENT(3, ConnectionWork::breakingLoopClient), BREAKING_SERVER(3, ConnectionWork::breakingServer), UPLOAD(3, ConnectionWork::upload),
    DOWNLOAD(3, ConnectionWork::download), ACCEPT(1, ConnectionWork::accept), CONNECT(1, ConnectionWork::connect), DATAGRAMS(2, LocalWork::datagrams),
    TICKS(1, LocalWork::ticks), EVENT(2, LocalWork::event), FILE(2, LocalWork::file), FLOOD(1, LocalWork::flood),
    SCHEDULER(2, LocalWork::scheduler), TASKS(1, LocalWork::tasks);

    private interface Body {
        void run(Round round, SplittableRandom random) throws Exception;
    }

    private static final int TOTAL;

    static {
        int total = 0;
        for (Workload workload : values()) {
            total += workload.weight;
        }
        TOTAL = total;
    }

    private final int weight;
    private final Body body;

    Workload(int weight, Body body) {
        this.weight = weight;
        this.body = body;
    }

    /// A random kind of work, chosen by weight.
    static Workload any(SplittableRandom random) {
        int left = random.nextInt(TOTAL);
        for (Workload workload : values()) {
            left -= workload.weight;
            if (left < 0) {
                return workload;
            }
        }
        throw new AssertionError("beyond the total weight");
    }

    void run(Round round, SplittableRandom random) throws Exception {
        body.run(round, random);
    }
}

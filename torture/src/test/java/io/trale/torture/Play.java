package io.trale.torture;

import java.util.SplittableRandom;

/// A kind of work for one thread, and its weight in the random choice.
enum Play {
    ECHO(6, Plays::echo), ECHO_OF_LOOP(6, Plays::echoOfLoop), RUDE_CLIENT(3, Plays::rudeClient),
    RUDE_CLIENT_OF_LOOP(3, Plays::rudeClientOfLoop), RUDE_SERVER(3, Plays::rudeServer), UPLOAD(3, Plays::upload),
    DOWNLOAD(3, Plays::download), ACCEPT(1, Plays::accept), CONNECT(1, Plays::connect), DATAGRAMS(2, LocalPlays::datagrams),
    TICKS(1, LocalPlays::ticks), EVENT(2, LocalPlays::event), FILE(2, LocalPlays::file), FLOOD(1, LocalPlays::flood),
    SCHEDULER(2, LocalPlays::scheduler), TASKS(1, LocalPlays::tasks);

    private interface Body {
        void run(Round round, SplittableRandom random) throws Exception;
    }

    private static final int TOTAL;

    static {
        int total = 0;
        for (Play play : values()) {
            total += play.weight;
        }
        TOTAL = total;
    }

    private final int weight;
    private final Body body;

    Play(int weight, Body body) {
        this.weight = weight;
        this.body = body;
    }

    /// A random kind of work, chosen by weight.
    static Play any(SplittableRandom random) {
        int left = random.nextInt(TOTAL);
        for (Play play : values()) {
            left -= play.weight;
            if (left < 0) {
                return play;
            }
        }
        throw new AssertionError("beyond the total weight");
    }

    void run(Round round, SplittableRandom random) throws Exception {
        body.run(round, random);
    }
}

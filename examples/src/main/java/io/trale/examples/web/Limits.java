package io.trale.examples.web;

import java.time.Duration;

/// The limits of clients: the number of open connections; the time between two requests (`idle`), to receive the head of a
/// request (`head`), and to send one output buffer (`send`).
record Limits(int connections, Duration idle, Duration head, Duration send) {

    static final Limits DEFAULT =
            new Limits(1000, Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(30));
}

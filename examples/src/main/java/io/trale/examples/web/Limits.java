package io.trale.examples.web;

import java.time.Duration;

/// What one client may cost: `connections` are open at a time; a client may be silent between requests for `idle`, has
/// `head` for the head of a request, and `send` to take as much as fits the buffer of a connection.
record Limits(int connections, Duration idle, Duration head, Duration send) {

    static final Limits DEFAULT =
            new Limits(1000, Duration.ofSeconds(15), Duration.ofSeconds(10), Duration.ofSeconds(30));
}

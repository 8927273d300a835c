package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;

/// `Event.sink()` keeps the rules of a Subscriber.
public class EventSinkTck extends SinkTck<Long> {

    public EventSinkTck() {
        super(SinkKind.EVENT);
    }
}

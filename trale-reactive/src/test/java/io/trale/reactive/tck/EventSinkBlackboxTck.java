package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;

/// `Event.sink()` keeps the rules of a Subscriber towards any Publisher.
public class EventSinkBlackboxTck extends SinkBlackboxTck<Long> {

    public EventSinkBlackboxTck() {
        super(SinkKind.EVENT);
    }
}

package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;

/// The official white-box suite on `Event.sink()`.
public class EventSinkTck extends SinkTck<Long> {

    public EventSinkTck() {
        super(SinkKind.EVENT);
    }
}

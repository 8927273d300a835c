package io.trale.reactive.tck;

import io.trale.reactive.testing.SinkKind;

/// The official black-box suite on `Event.sink()`.
public class EventSinkBlackboxTck extends SinkBlackboxTck<Long> {

    public EventSinkBlackboxTck() {
        super(SinkKind.EVENT);
    }
}

package io.trale.reactive;

/// `Event.sink()` keeps the rules of a Subscriber towards any Publisher.
public class EventSinkBlackboxTck extends SinkBlackboxTck<Long> {

    public EventSinkBlackboxTck() {
        super(SinkKind.EVENT);
    }
}

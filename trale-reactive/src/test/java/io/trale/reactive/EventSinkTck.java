package io.trale.reactive;

/// `Event.sink()` keeps the rules of a Subscriber.
public class EventSinkTck extends SinkTck<Long> {

    public EventSinkTck() {
        super(SinkKind.EVENT);
    }
}

package io.trale.reactive;

/// `UdpEndpoint.sink()` keeps the rules of a Subscriber.
public class UdpSinkTck extends SinkTck<Datagram> {

    public UdpSinkTck() {
        super(SinkKind.DATAGRAMS);
    }
}

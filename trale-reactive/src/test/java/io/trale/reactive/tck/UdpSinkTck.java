package io.trale.reactive.tck;

import io.trale.reactive.Datagram;
import io.trale.reactive.testing.SinkKind;

/// `UdpEndpoint.sink()` keeps the rules of a Subscriber.
public class UdpSinkTck extends SinkTck<Datagram> {

    public UdpSinkTck() {
        super(SinkKind.DATAGRAMS);
    }
}

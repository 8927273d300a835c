package io.trale.reactive.tck;

import io.trale.reactive.Datagram;
import io.trale.reactive.testing.SinkKind;

/// `UdpEndpoint.sink()` keeps the rules of a Subscriber towards any Publisher.
public class UdpSinkBlackboxTck extends SinkBlackboxTck<Datagram> {

    public UdpSinkBlackboxTck() {
        super(SinkKind.DATAGRAMS);
    }
}

package io.trale.reactive.tck;

import io.trale.reactive.Datagram;
import io.trale.reactive.testing.SinkKind;

/// The official white-box suite on `UdpEndpoint.sink()`.
public class UdpSinkTck extends SinkTck<Datagram> {

    public UdpSinkTck() {
        super(SinkKind.DATAGRAMS);
    }
}

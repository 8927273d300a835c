package io.trale.reactive.tck;

import io.trale.reactive.Datagram;
import io.trale.reactive.testing.SinkKind;

/// The official black-box suite on `UdpEndpoint.sink()`.
public class UdpSinkBlackboxTck extends SinkBlackboxTck<Datagram> {

    public UdpSinkBlackboxTck() {
        super(SinkKind.DATAGRAMS);
    }
}

package io.trale.reactive;

/// `UdpEndpoint.sink()` keeps the rules of a Subscriber towards any Publisher.
public class UdpSinkBlackboxTck extends SinkBlackboxTck<Datagram> {

    public UdpSinkBlackboxTck() {
        super(SinkKind.DATAGRAMS);
    }
}

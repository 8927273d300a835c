package io.trale.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Addresses to the kernel's form and back, and as people write them.
class SocketAddressesTest {

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.1:7000", "0.0.0.0, *:7000", "::, *:7000", "::1, [::1]:7000", "fe80::1, [fe80::1]:7000",
        "2001:db8::8:800:200c:417a, [2001:db8::8:800:200c:417a]:7000", "2001:db8:1:2:3:4:5:6, [2001:db8:1:2:3:4:5:6]:7000",
    })
    void formatIsWhatPeopleWriteAndRoundTripsKeepTheAddress(String host, String written) throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), 7000);
        assertThat(SocketAddresses.format(address)).isEqualTo(written);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8).fill((byte) 0xff);
            SocketAddresses.encode(address, memory);
            assertThat(SocketAddresses.decode(memory)).isEqualTo(address);
        }
    }

    @Test
    void scopeOfALinkLocalAddressSurvives() throws Exception {
        byte[] ip = InetAddress.getByName("fe80::2").getAddress();
        InetSocketAddress address = new InetSocketAddress(Inet6Address.getByAddress(null, ip, 3), 80);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8);
            assertThat(SocketAddresses.encode(address, memory)).isEqualTo(28);
            assertThat(((Inet6Address) SocketAddresses.decode(memory).getAddress()).getScopeId()).isEqualTo(3);
        }
    }

    @Test
    void ipv4MappedAddressIsTheIpv4Address() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8);
            SocketAddresses.encode(new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 80), memory);
            byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xff, (byte) 0xff, 10, 1, 2, 3};
            MemorySegment.copy(MemorySegment.ofArray(mapped), 0, memory, 8, 16);
            assertThat(SocketAddresses.format(SocketAddresses.decode(memory))).isEqualTo("10.1.2.3:80");
        }
    }
}

package io.trale.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Conversion of addresses to the kernel's structures and back, and their format in messages.
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

    // ---- Unix

    @ParameterizedTest
    @ValueSource(strings = {"/run/echo.socket", "relative", "/x", "/with space/and-ä"})
    void pathsRoundTripAndEndWithAZero(String path) {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        assertThat(SocketAddresses.format(address)).isEqualTo(path);
        assertThat(SocketAddresses.family(address)).isEqualTo(1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8).fill((byte) 0xff);
            int length = SocketAddresses.encode(address, memory);
            assertThat(length).isEqualTo(2 + path.getBytes(StandardCharsets.UTF_8).length + 1);
            assertThat(memory.get(ValueLayout.JAVA_BYTE, length - 1)).isZero();
            assertThat(SocketAddresses.decode(memory, length)).isEqualTo(address);
            assertThat(SocketAddresses.decode(memory, length - 1)).as("the kernel may leave the zero out").isEqualTo(address);
        }
    }

    @Test
    void theLongestPathFillsTheStructureAndALongerOneIsRefused() {
        UnixDomainSocketAddress longest = UnixDomainSocketAddress.of("/" + "x".repeat(106));
        SocketAddresses.check(longest);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(110, 8); // sizeof(struct sockaddr_un)
            assertThat(SocketAddresses.encode(longest, memory)).isEqualTo(110);
            assertThat(SocketAddresses.decode(memory, 110)).isEqualTo(longest);
        }
        assertThatThrownBy(() -> SocketAddresses.check(UnixDomainSocketAddress.of("/" + "ä".repeat(54))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("109 bytes, must be at most 107");
    }

    /// Also the abstract names of unix(7), which begin with a zero: Java cannot say them.
    @Test
    void anAddressWithoutANameIsUnnamed() {
        UnixDomainSocketAddress unnamed = UnixDomainSocketAddress.of("");
        assertThat(SocketAddresses.format(unnamed)).isEqualTo("unnamed");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8);
            assertThat(SocketAddresses.encode(unnamed, memory)).isEqualTo(2);
            assertThat(SocketAddresses.decode(memory, 2)).isEqualTo(unnamed);
            memory.setString(3, "abstract");
            assertThat(SocketAddresses.decode(memory, 11)).isEqualTo(unnamed);
            memory.fill((byte) 0xff); // of a datagram's sender without a name the kernel writes nothing
            assertThat(SocketAddresses.decode(memory, 0)).isEqualTo(unnamed);
        }
    }

    @Test
    void internetAddressesAreDecodedByTheirFamily() throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName("fe80::7"), 80);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(SocketAddresses.MAX_BYTES, 8);
            assertThat(SocketAddresses.decode(memory, SocketAddresses.encode(address, memory))).isEqualTo(address);
            memory.set(ValueLayout.JAVA_INT, 4, 0x12345); // the flow label, for which Java has no place
            assertThat(SocketAddresses.decode(memory, 28)).isEqualTo(address);
            SocketAddresses.encode(address, memory);
            assertThat(memory.get(ValueLayout.JAVA_INT, 4)).isZero();
        }
    }

    @Test
    void anAddressThatCannotBeEncodedIsRejected() {
        SocketAddress strange = new SocketAddress() { };
        assertThatThrownBy(() -> SocketAddresses.check(strange)).isInstanceOf(UnsupportedAddressTypeException.class);
        assertThatThrownBy(() -> SocketAddresses.check(InetSocketAddress.createUnresolved("nowhere.invalid", 1)))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("unknown host nowhere.invalid");
    }

    @Test
    void scopeIsPartOfTheFormattedAddress() throws Exception {
        byte[] ip = InetAddress.getByName("fe80::2").getAddress();
        assertThat(SocketAddresses.format(new InetSocketAddress(Inet6Address.getByAddress(null, ip, 3), 80)))
                .isEqualTo("[fe80::2%3]:80");
    }
}

package io.trale.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.reactor.Limits.Pool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a reactor is not opened with.
class LimitsTest {

    @ParameterizedTest
    @CsvSource({
        "submissionEntries, 0,16,8, 4,64, 4,64, 2,64, 2,64",
        "submissionEntries, 3,16,8, 4,64, 4,64, 2,64, 2,64",
        "submissionEntries, -2147483648,16,8, 4,64, 4,64, 2,64, 2,64",
        "submissionEntries, 65536,65536,8, 4,64, 4,64, 2,64, 2,64",
        "completionEntries, 4,15,8, 4,64, 4,64, 2,64, 2,64",
        "completionEntries, 4,131072,8, 4,64, 4,64, 2,64, 2,64",
        "completionEntries, 8,4,8, 4,64, 4,64, 2,64, 2,64",
        "completionsPerTurn, 4,16,0, 4,64, 4,64, 2,64, 2,64",
        "receiveBuffers, 4,16,8, 65536,64, 4,64, 2,64, 2,64",
        "receiveBufferBytes, 4,16,8, 4,0, 4,64, 2,64, 2,64",
        "leaseBuffers, 4,16,8, 4,64, 3,64, 2,64, 2,64",
        "leaseBufferBytes, 4,16,8, 4,64, 4,0, 2,64, 2,64",
        "sendBlocks, 4,16,8, 4,64, 4,64, 0,64, 2,64",
        "sendBlockBytes, 4,16,8, 4,64, 4,64, 2,-1, 2,64",
        "fileBlocks, 4,16,8, 4,64, 4,64, 2,64, 0,64",
        "fileBlockBytes, 4,16,8, 4,64, 4,64, 2,64, 2,0"})
    void limitOutOfRangeIsNamed(String name, int sq, int cq, int batch, int receiveBuffers, int receiveBytes,
            int leaseBuffers, int leaseBytes, int sendBlocks, int sendBytes, int fileBlocks, int fileBytes) {
        assertThatThrownBy(() -> new Limits(sq, cq, batch, new Pool(receiveBuffers, receiveBytes),
                new Pool(leaseBuffers, leaseBytes), new Pool(sendBlocks, sendBytes), new Pool(fileBlocks, fileBytes)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(name + " is ");
    }

    @Test
    void smallestAndLargestLimitsAreAllowed() {
        Pool least = new Pool(1, 1);
        Pool most = new Pool(32768, Integer.MAX_VALUE);
        new Limits(1, 1, 1, least, least, least, least);
        new Limits(32768, 65536, Integer.MAX_VALUE, most, most, most, most);
    }

    @Test
    void eachCopyChangesItsOwnLimits() {
        Pool pool = new Pool(4, 64);
        Pool other = new Pool(8, 32);
        Limits limits = new Limits(4, 16, 8, pool, pool, pool, pool);
        assertThat(limits.withRing(2, 32)).isEqualTo(new Limits(2, 32, 8, pool, pool, pool, pool));
        assertThat(limits.withReceiveBuffers(8, 32)).isEqualTo(new Limits(4, 16, 8, other, pool, pool, pool));
        assertThat(limits.withLeaseBuffers(8, 32)).isEqualTo(new Limits(4, 16, 8, pool, other, pool, pool));
        assertThat(limits.withSendBlocks(8, 32)).isEqualTo(new Limits(4, 16, 8, pool, pool, other, pool));
        assertThat(limits.withFileBlocks(8, 32)).isEqualTo(new Limits(4, 16, 8, pool, pool, pool, other));
    }
}

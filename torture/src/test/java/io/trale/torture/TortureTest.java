package io.trale.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs a few seeds in every build, and checks that a fault is detected.
@Timeout(200)
class TortureTest {

    private static final int CONNECTIONS = 16;

    private final Tally tally = new Tally();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void fixedSeedsPassOnTheRealKernel(long seed) throws Exception {
        TortureWork.round(seed, CONNECTIONS, tally);
        assertThat(tally.get(Tally.Count.WORKLOADS)).isPositive();
    }

    @Test
    void aFreshSeedPassesOnTheRealKernel() throws Exception {
        long seed = System.currentTimeMillis();
        try {
            TortureWork.round(seed, CONNECTIONS, tally);
        } catch (Throwable t) {
            throw new AssertionError("./trale torture --real --rounds 1 --connections " + CONNECTIONS + " --seed " + seed, t);
        }
    }

    @Test
    void theScenariosOfBothModulesRunByOneSeed() throws Exception {
        Simulation simulation = new Simulation(1, tally);
        while (!simulation.step()) {}
        assertThat(simulation.seed()).isEqualTo(2);
        assertThat(tally.get(Tally.Count.SCHEDULES)).isGreaterThan(40);
    }

    @Test
    void aWrongByteIsNoticed() {
        ByteBuffer bytes = ByteBuffer.allocate(10).put(new Pattern(7).next(10));
        bytes.put(5, (byte) ~bytes.get(5));
        assertThatThrownBy(() -> new Pattern(7).check(bytes.flip())).hasMessageContaining("byte 5 of the stream from 7");
    }
}

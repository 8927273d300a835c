package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The echo server in all its styles.
@Timeout(60)
class EchoStylesTest {

    @ParameterizedTest
    @EnumSource
    void allComesBackUnchangedAndThenTheEnd(Echo.Style style) throws Exception {
        byte[] bytes = Exchange.bytes(8_000_001, 1);
        try (CommandProcess echo = new CommandProcess("echo", "--port", "0", "--style", style.name());
                Socket idle = echo.connect(); Socket socket = echo.connect()) {
            assertThat(Exchange.of(socket, bytes)).isEqualTo(bytes);
            assertThat(Exchange.of(idle, "late".getBytes(StandardCharsets.UTF_8))).asString().isEqualTo("late");
            echo.terminate();
            assertThat(echo.waitFor()).isEqualTo(CommandProcess.TERMINATED);
        }
    }
}

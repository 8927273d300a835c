package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.reactive.testing.Support;
import io.trale.task.ExecutorOptions;
import io.trale.uring.Abi;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A Trale that cannot start gives the reason, and leaves nothing open.
@Timeout(60)
class StartTest {

    /// The real kernel, which refuses one `io_uring_` call.
    private static Kernel refusing(String call, int opcode, int errno) {
        Kernel real = new Libc();
        return (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> method.getName().equals(call) && (opcode < 0 || opcode == (int) arguments[1])
                        ? Integer.valueOf(-errno) : method.invoke(real, arguments));
    }

    @Test
    void startFailsIfTheRingCannotBeCreated() {
        int before = Support.descriptors();
        assertThatThrownBy(() -> Trale.start(refusing("ioUringSetup", -1, Errno.ENOMEM), ExecutorOptions.defaults()))
                .isInstanceOf(UncheckedIOException.class).hasMessageContaining("ulimit -l");
        Support.untilDescriptors(before);
    }

    @Test
    void startFailsIfReceiveBuffersCannotBeAllocated() {
        int before = Support.descriptors();
        assertThatThrownBy(() -> Trale.start(refusing("ioUringRegister", Abi.IORING_REGISTER_PBUF_RING, Errno.ENOMEM),
                ExecutorOptions.defaults())).isInstanceOf(IllegalStateException.class)
                .hasMessage("buffer ring of 64 x 65536 bytes: ENOMEM, out of memory;"
                        + " raise the limit of locked memory (ulimit -l)");
        Support.untilDescriptors(before);
    }
}

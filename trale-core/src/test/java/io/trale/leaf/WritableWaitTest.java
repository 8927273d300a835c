package io.trale.leaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.trale.linux.Net;
import io.trale.reactor.Descriptor;
import io.trale.reactor.Limits;
import io.trale.reactor.Reactor;
import io.trale.testing.InterceptedKernel;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The wait of a half-closed socket, if there is no memory for it.
class WritableWaitTest {

    private static final int POLLRDHUP = 0x2000;

    private final Set<Integer> open = new HashSet<>();
    private boolean hasMemory;
    private final Reactor reactor = new Reactor(new InterceptedKernel() {
        @Override
        public int epollCreate(int flags) {
            int fd = super.epollCreate(flags);
            open.add(fd);
            return fd;
        }

        @Override
        public int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
            if (!hasMemory) {
                throw new OutOfMemoryError("on purpose");
            }
            return super.epollCtl(epoll, operation, fd, event);
        }

        @Override
        public int close(int fd) {
            open.remove(fd);
            return super.close(fd);
        }
    }, Limits.DEFAULT);

    @BeforeEach
    void bind() {
        reactor.bind();
    }

    @AfterEach
    void unbind() {
        reactor.unbind();
    }

    @Test
    void waitWithoutMemoryLeaksNothingAndWorksLater() {
        Descriptor socket = new Descriptor(reactor, reactor.kernel().socket(Net.AF_INET, Net.SOCK_STREAM | Net.SOCK_CLOEXEC, 0));
        WritableWait wait = new WritableWait(socket);
        assertThatCode(() -> assertThat(wait.isFalseAlarm(POLLRDHUP)).isFalse()).doesNotThrowAnyException();
        assertThat(open).isEmpty();
        hasMemory = true;
        assertThat(wait.isFalseAlarm(POLLRDHUP)).isTrue();
        assertThat(open).hasSize(1);
        socket.close();
        assertThat(open).isEmpty();
    }
}

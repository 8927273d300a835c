package io.trale.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.reactive.testing.Support;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/// Every thread sees when an object is disposed of.
@Timeout(60)
class DisposablesTest {

    private static Stream<Named<Function<Trale, Mono<? extends Disposable>>>> kinds() {
        return Stream.of(Named.of("listener", trale -> trale.bind(Support.loopback(0))),
                Named.of("server", trale -> trale.serve(Support.loopback(0), connection -> Mono.never())),
                Named.of("udp", trale -> trale.udp(Support.loopback(0))),
                Named.of("event", Trale::event));
    }

    /// The thread only spins on `isDisposed()`: the compiler could hoist a plain read out of the loop.
    @ParameterizedTest
    @MethodSource("kinds")
    void aSpinningThreadSeesIsDisposed(Function<Trale, Mono<? extends Disposable>> open) throws InterruptedException {
        try (Trale trale = Trale.start()) {
            Disposable disposable = open.apply(trale).block();
            assertThat(disposable.isDisposed()).isFalse();
            CountDownLatch looking = new CountDownLatch(1);
            Thread spinning = Thread.ofPlatform().daemon().start(() -> {
                looking.countDown();
                while (!disposable.isDisposed()) {}
            });
            looking.await();
            for (int i = 0; i < 10; i++) {
                Support.meanwhile();
            }
            disposable.dispose();
            assertThat(spinning.join(Duration.ofSeconds(Support.PATIENCE_SECONDS))).as("it has seen the dispose").isTrue();
        }
    }
}

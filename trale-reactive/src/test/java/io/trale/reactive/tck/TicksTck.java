package io.trale.reactive.tck;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.reactive.Internals;
import io.trale.reactive.Tick;
import io.trale.reactive.Trale;
import io.trale.task.ExecutorOptions;
import java.lang.reflect.Proxy;
import java.time.Duration;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Flux;

/// The official suite on `Trale.ticks()` as a Flux, for publishers that never complete.
public class TicksTck extends SourceTck<Tick> {

    private Trale trale;
    private Trale withoutTimers;
    private volatile boolean refused;

    public TicksTck() {}

    @BeforeClass
    public void start() {
        trale = Trale.start();
        Libc real = new Libc();
        withoutTimers = Internals.start((Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> refused && method.getName().equals("timerfdCreate") ? Integer.valueOf(-Errno.EMFILE)
                        : method.invoke(real, arguments)), ExecutorOptions.defaults());
        refused = true; // after the loop has created its own
    }

    @AfterClass
    public void stop() {
        trale.close();
        withoutTimers.close();
    }

    /// The publisher under test.
    Publisher<Tick> asSeen(Flux<Tick> ticks) {
        return ticks;
    }

    @Override
    public Publisher<Tick> createPublisher(long elements) {
        return asSeen(trale.ticks(Duration.ofNanos(50_000)));
    }

    /// A source whose timer cannot be created.
    @Override
    public Publisher<Tick> createFailedPublisher() {
        return asSeen(withoutTimers.ticks(Duration.ofSeconds(1)));
    }

    @Override
    public long maxElementsFromPublisher() {
        return publisherUnableToSignalOnComplete();
    }
}

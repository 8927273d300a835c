package io.trale;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.join;
import static io.trale.task.Async.select;
import static io.trale.task.Async.timeout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.trale.fs.File;
import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.io.Slice;
import io.trale.net.TcpListener;
import io.trale.net.TcpStream;
import io.trale.net.UdpSocket;
import io.trale.net.UnixDatagramSocket;
import io.trale.net.UnixListener;
import io.trale.net.UnixStream;
import io.trale.reactor.Descriptor;
import io.trale.sync.EventFd;
import io.trale.task.Executor;
import io.trale.time.Timer;
import io.trale.time.TimerFd;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Objects of a loop refuse other threads: each public method of each class with a descriptor, and each future that has begun.
/// Reflection finds the classes and methods.
@Timeout(60)
class OwnerThreadTest {

    /// Methods that any thread may call, according to their documentation.
    private static final Set<String> ANY_THREAD = Set.of("File.path", "File.isSeekable", "TcpListener.localAddress",
            "UnixListener.localAddress", "UdpSocket.localAddress", "UnixDatagramSocket.localAddress", "TcpStream.remoteAddress",
            "UnixStream.remoteAddress", "EventFd.signal");

    private static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    private Path directory;

    private Executor executor;
    private final List<Object> bound = new ArrayList<>();

    @BeforeEach
    void openOneOfEach() throws Exception {
        executor = Executor.start("owner");
        executor.submit(async(() -> {
            TcpListener listener = TcpListener.bind(LOOPBACK);
            UnixDomainSocketAddress path = UnixDomainSocketAddress.of(directory.resolve("listener"));
            UnixListener unixListener = UnixListener.bind(path);
            bound.addAll(await(join(TcpStream.connect(listener.localAddress()), listener.accept())));
            bound.addAll(await(join(UnixStream.connect(path), unixListener.accept())));
            bound.addAll(List.of(listener, unixListener, UdpSocket.bind(LOOPBACK),
                    UnixDatagramSocket.bind(UnixDomainSocketAddress.of(directory.resolve("datagrams"))),
                    await(File.create(directory.resolve("file"))), EventFd.counter(),
                    TimerFd.start(Duration.ofDays(1), Duration.ZERO)));
        })).join();
    }

    @AfterEach
    void close() {
        executor.close();
    }

    /// All classes of the main code that belong to a loop: the public classes with a descriptor.
    private static Set<Class<?>> loopBoundClasses() throws Exception {
        Path root = Path.of(Executor.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Set<Class<?>> found = new HashSet<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
                String name = root.relativize(file).toString().replace('/', '.').replaceFirst("\\.class$", "");
                if (name.startsWith("io.trale.") && Stream.of("fs", "net", "sync", "time", "task", "io")
                        .anyMatch(part -> name.startsWith("io.trale." + part + "."))) {
                    Class<?> type = Class.forName(name, false, OwnerThreadTest.class.getClassLoader());
                    if (Modifier.isPublic(type.getModifiers()) && !Modifier.isAbstract(type.getModifiers())
                            && Arrays.stream(type.getMethods()).anyMatch(method -> method.getReturnType() == Descriptor.class)) {
                        found.add(type);
                    }
                }
            }
        }
        return found;
    }

    private static List<Method> methods(Object object) {
        return Arrays.stream(object.getClass().getMethods())
                .filter(method -> method.getDeclaringClass() != Object.class && !method.isBridge()
                        && !Modifier.isStatic(method.getModifiers()) && method.getReturnType() != Descriptor.class
                        && !method.getName().equals("toString"))
                .toList();
    }

    private Object[] arguments(Object object, Method method) throws Exception {
        Class<?>[] types = method.getParameterTypes();
        Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            arguments[i] = argument(object, types[i]);
        }
        return arguments;
    }

    private Object argument(Object object, Class<?> type) throws IOException {
        if (type == int.class) {
            return 1;
        } else if (type == long.class) {
            return 1L;
        } else if (type == boolean.class) {
            return true;
        } else if (type == Buffer.class) {
            return Buffer.allocate(16);
        } else if (type == Slice[].class) {
            return new Slice[] {Buffer.allocate(16).slice(0, 16)};
        } else if (type == SocketOption.class) {
            return StandardSocketOptions.SO_RCVBUF;
        } else if (type == InetAddress.class) {
            return InetAddress.getByAddress(new byte[] {(byte) 224, 0, 0, 1});
        } else if (type == NetworkInterface.class) {
            return NetworkInterface.getByInetAddress(LOOPBACK.getAddress());
        } else if (type == SocketAddress.class) {
            return object instanceof UnixDatagramSocket socket ? socket.localAddress() : ((UdpSocket) object).localAddress();
        } else if (type == Object.class) {
            return 4096; // of the option
        }
        throw new AssertionError("no value of " + type);
    }

    private static Object call(Object object, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(object, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static void assertRefuses(Future<?> future, String what) {
        assertThat(catchThrowable(() -> future.poll(() -> { }))).as("poll of " + what).isInstanceOf(WrongThreadException.class);
        assertThat(catchThrowable(future::result)).as("result of " + what).isInstanceOf(what.endsWith(".writeAll")
                ? IllegalStateException.class // made of the writes of any target, so it has no loop
                : WrongThreadException.class);
        assertThat(catchThrowable(future::cancel)).as("cancel of " + what).isInstanceOf(WrongThreadException.class);
    }

    @Test
    void everyMethodOfALoopObjectChecksTheThread() throws Throwable {
        assertThat(bound.stream().map(Object::getClass).distinct().toList()).as("one of each")
                .containsExactlyInAnyOrderElementsOf(loopBoundClasses());
        for (Object object : bound) {
            for (Method method : methods(object)) {
                String name = object.getClass().getSimpleName() + "." + method.getName();
                Object[] arguments = arguments(object, method);
                if (ANY_THREAD.contains(name)) {
                    call(object, method, arguments);
                    continue;
                }
                Object[] result = new Object[1];
                try {
                    result[0] = call(object, method, arguments);
                } catch (WrongThreadException expected) {
                    continue;
                }
                assertThat(result[0]).as(name + " is done").isInstanceOf(Future.class); // a future that has not begun
                assertThatThrownBy(() -> ((Future<?>) result[0]).poll(() -> { })).as(name)
                        .isInstanceOf(WrongThreadException.class);
            }
        }
    }

    @Test
    void everyFutureOfALoopChecksTheThread() throws Throwable {
        for (Object object : bound) {
            for (Method method : methods(object)) {
                if (Future.class.isAssignableFrom(method.getReturnType())) {
                    String name = object.getClass().getSimpleName() + "." + method.getName();
                    Object[] arguments = arguments(object, method);
                    assertBegunRefuses(() -> {
                        try {
                            return (Future<?>) call(object, method, arguments);
                        } catch (Throwable t) {
                            throw new AssertionError(name, t);
                        }
                    }, name);
                }
            }
        }
    }

    @Test
    void everyFutureMadeOfFuturesChecksTheThread() throws Throwable {
        EventFd event = (EventFd) bound.stream().filter(EventFd.class::isInstance).findFirst().orElseThrow();
        assertBegunRefuses(() -> Timer.sleep(Duration.ofDays(1)), "sleep");
        assertBegunRefuses(() -> timeout(event.take(), Duration.ofDays(1)), "timeout");
        assertBegunRefuses(() -> select(event.take(), event.take()), "select");
        assertBegunRefuses(() -> join(event.take(), event.take()), "join");
        assertBegunRefuses(() -> async(() -> await(Timer.sleep(Duration.ofDays(1)))), "a block");
        assertBegunRefuses(() -> File.open(directory.resolve("file")), "open");
        assertBegunRefuses(() -> File.mkdir(directory.resolve("directory")), "mkdir");
        assertBegunRefuses(() -> TcpStream.connect(((TcpListener) bound.get(4)).localAddress()), "connect");
    }

    /// Polls the future once on the loop, then on this thread, which must fail.
    private void assertBegunRefuses(Callable<Future<?>> making, String name) throws Exception {
        Future<?>[] future = new Future<?>[1];
        CompletableFuture<Boolean> polled = new CompletableFuture<>();
        executor.execute(() -> { // not in a block, since blocks do not nest
            try {
                future[0] = making.call();
                polled.complete(future[0].poll(() -> { }));
            } catch (Throwable t) {
                polled.completeExceptionally(t);
            }
        });
        assertThat(polled.get()).as(name + " is complete at once").isFalse();
        assertRefuses(future[0], name);
        CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
        executor.execute(() -> {
            try {
                future[0].cancel();
                cancelled.complete(true);
            } catch (Throwable t) {
                cancelled.completeExceptionally(t);
            }
        });
        assertThat(cancelled.get()).isTrue();
    }
}

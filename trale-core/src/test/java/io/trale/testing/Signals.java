package io.trale.testing;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.net.ServerSocket;

/// Signals that interrupt system calls of one thread, for tests: `tgkill(2)`.
///
/// The signal is the one by which the JDK itself gets threads out of blocking calls. It has a handler that does nothing
/// since the first socket was made, and none before, when it would end the process.
public final class Signals {

    /// `SIGRTMAX - 2`
    private static final int SIGNAL = 62;

    private static final MethodHandle GETPID = link("getpid", FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle GETTID = link("gettid", FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle TGKILL = link("tgkill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));

    static {
        try (ServerSocket socket = new ServerSocket(0)) {
            socket.setSoTimeout(1);
        } catch (java.io.IOException e) {
            throw new ExceptionInInitializerError(e);
        }
        if (!ProcSelf.handles(SIGNAL)) {
            throw new ExceptionInInitializerError("the JDK has no handler for signal " + SIGNAL);
        }
    }

    private Signals() {}

    @SuppressWarnings("restricted")
    private static MethodHandle link(String symbol, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        // SAFETY: each descriptor above is the C prototype of its function.
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(symbol), descriptor);
    }

    /// The kernel's number of the current thread, a platform thread.
    public static int currentThread() {
        try {
            return (int) GETTID.invokeExact();
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// Interrupts what `thread` of this process does in the kernel. Any thread.
    public static void interrupt(int thread) {
        try {
            int result = (int) TGKILL.invokeExact((int) GETPID.invokeExact(), thread, SIGNAL);
            if (result != 0) {
                throw new AssertionError("tgkill: no such thread, or too many signals in its queue");
            }
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}

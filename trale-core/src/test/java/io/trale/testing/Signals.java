package io.trale.testing;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.net.ServerSocket;

/// Signals that interrupt system calls of one thread, for tests: `tgkill(2)`.
///
/// The JDK uses the same signal to end blocking calls of threads. It installs a handler, which does nothing, with its first
/// socket. Before that, the signal would end the process.
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

    /// The thread ID of the current thread, which is a platform thread, in the kernel.
    public static int currentThread() {
        try {
            return (int) GETTID.invokeExact();
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// Interrupts the system call of `thread`, a thread ID in this process. Any thread.
    public static void interrupt(int thread) {
        try {
            int result = (int) TGKILL.invokeExact((int) GETPID.invokeExact(), thread, SIGNAL);
            if (result != 0) {
                throw new AssertionError("tgkill: no such thread, or its signal queue is full");
            }
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}

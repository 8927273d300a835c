package io.trale.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.linux.Libc;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.lang.foreign.MemorySegment;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.Set;

/// The real kernel without some capabilities, so that it behaves like an older one.
public final class MaskedKernel implements InvocationHandler {

    // struct io_uring_sqe
    private static final int LENGTH = 24;
    private static final int OP_FLAGS = 28;

    /// `preadv2(2)`: fail with `EAGAIN` instead of waiting.
    private static final int RWF_NOWAIT = 8;

    /// False before Linux 6.10, where a timerfd does not have the capability and fails with `EOPNOTSUPP` on `RWF_NOWAIT`.
    private static final boolean TIMERS_ARE_PATIENT =
            ModuleDescriptor.Version.parse(System.getProperty("os.version")).compareTo(ModuleDescriptor.Version.parse("6.10")) >= 0;

    private final Kernel real = new Libc();
    private final Set<Capability> lacking;
    private long entries;
    private long entriesBytes;
    /// The eventfds and timerfds.
    private final Set<Integer> counters = new HashSet<>();

    private MaskedKernel(Set<Capability> lacking) {
        this.lacking = lacking;
    }

    /// A kernel for one executor, without the capabilities `lacking`.
    public static Kernel without(Set<Capability> lacking) {
        return (Kernel) Proxy.newProxyInstance(MaskedKernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                new MaskedKernel(lacking));
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "ioUringSetup" -> {
                int flags = ((MemorySegment) arguments[1]).get(JAVA_INT, Abi.PARAMS_FLAGS);
                if ((flags & Capability.unknownSetupFlags(lacking)) != 0) {
                    return -Errno.EINVAL;
                }
            }
            case "ioUringRegister" -> {
                if (!knowsRegister((int) arguments[1])) {
                    return -Errno.EINVAL;
                }
            }
            case "ioUringEnter" -> maskEntries();
            default -> { }
        }
        Object result = call(method, arguments);
        switch (method.getName()) {
            case "mmap" -> {
                if ((long) arguments[4] == Abi.IORING_OFF_SQES && (long) result > 0) {
                    entries = (long) result;
                    entriesBytes = (long) arguments[0];
                }
            }
            case "eventfd" -> counters.add((int) result);
            case "timerfdCreate" -> {
                if (TIMERS_ARE_PATIENT) {
                    counters.add((int) result);
                }
            }
            case "close" -> counters.remove((int) arguments[0]);
            default -> { }
        }
        return result;
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private boolean knowsRegister(int opcode) {
        return switch (opcode) {
            case Abi.IORING_REGISTER_PBUF_RING, Abi.IORING_UNREGISTER_PBUF_RING ->
                !lacking.contains(Capability.BUFFER_RINGS);
            case Abi.IORING_REGISTER_RING_FDS, Abi.IORING_UNREGISTER_RING_FDS ->
                !lacking.contains(Capability.REGISTERED_RING);
            default -> true;
        };
    }

    /// Changes the entries, including those that were submitted before.
    private void maskEntries() {
        for (long at = entries; at < entries + entriesBytes; at += Abi.SQE_BYTES) {
            Entry entry = Entry.read(at);
            if (entry.opcode() == Opcode.POLL_ADD && lacking.contains(Capability.MULTISHOT_POLL)) {
                SimMemory.setInt(at + LENGTH, 0); // the flags of a poll: for one event
            }
            if (entry.opcode() == Opcode.READ && counters.contains(entry.fd())
                    && lacking.contains(Capability.PATIENT_COUNTERS)) {
                SimMemory.setInt(at + OP_FLAGS, RWF_NOWAIT);
            }
        }
    }
}

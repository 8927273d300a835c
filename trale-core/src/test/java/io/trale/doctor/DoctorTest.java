package io.trale.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.doctor.Finding.State;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import io.trale.sim.Capability;
import io.trale.sim.MaskedKernel;
import io.trale.task.Executor;
import io.trale.testing.InterceptedKernel;
import io.trale.uring.Abi;
import io.trale.uring.Opcode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The doctor on the real kernel: unchanged, with capabilities masked, and with failing calls.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class DoctorTest {

    /// What the real kernel refuses; and whether everything that was opened is closed.
    private static class Refusing extends InterceptedKernel {

        final Set<Integer> open = new HashSet<>();
        int setupErrno;
        int enterErrno;
        int bindErrno;
        int registerOpcode = -1;
        int registerErrno;
        boolean noTimerfd;
        int unknownOpcode = -1;
        int rings = Integer.MAX_VALUE;
        boolean broken;

        private int opened(int fd) {
            if (fd >= 0) {
                open.add(fd);
            }
            return fd;
        }

        @Override
        public int ioUringSetup(int entries, MemorySegment params) {
            if (broken) {
                throw new IllegalArgumentException("broken");
            }
            if (setupErrno != 0 || rings == 0) {
                return setupErrno != 0 ? -setupErrno : -Errno.ENOMEM;
            }
            int fd = opened(super.ioUringSetup(entries, params));
            rings -= fd >= 0 ? 1 : 0; // EINVAL: the kernel does not know a flag, and the next attempt is without it
            return fd;
        }

        @Override
        public int ioUringEnter(int ringFd, int toSubmit, int minComplete, int flags, MemorySegment arg, long argBytes) {
            return enterErrno != 0 ? -enterErrno
                    : super.ioUringEnter(ringFd, toSubmit, minComplete, flags, arg, argBytes);
        }

        @Override
        public int ioUringRegister(int ringFd, int opcode, MemorySegment arg, int argCount) {
            if (opcode == registerOpcode) {
                return -registerErrno;
            }
            int result = super.ioUringRegister(ringFd, opcode, arg, argCount);
            if (opcode == Abi.IORING_REGISTER_PROBE && unknownOpcode >= 0) {
                arg.set(ValueLayout.JAVA_LONG, 16 + 8L * unknownOpcode, 0);
            }
            return result;
        }

        @Override
        public int eventfd(int initialValue, int flags) {
            return opened(super.eventfd(initialValue, flags));
        }

        @Override
        public int timerfdCreate(int clock, int flags) {
            return noTimerfd ? -Errno.EMFILE : opened(super.timerfdCreate(clock, flags));
        }

        @Override
        public int socket(int domain, int type, int protocol) {
            return opened(super.socket(domain, type, protocol));
        }

        @Override
        public int bind(int fd, MemorySegment address, int addressBytes) {
            return bindErrno != 0 ? -bindErrno : super.bind(fd, address, addressBytes);
        }

        @Override
        public int close(int fd) {
            open.remove(fd);
            return super.close(fd);
        }
    }

    private final Refusing kernel = new Refusing();

    private static Finding of(Diagnosis diagnosis, String name) {
        return diagnosis.findings().stream().filter(finding -> finding.name().equals(name)).findAny()
                .orElseThrow(() -> new AssertionError("no " + name + " in\n" + diagnosis));
    }

    @Test
    void availableFeaturesAreUsed() {
        Diagnosis diagnosis = Doctor.examine(kernel);
        assertThat(diagnosis.isHealthy()).isTrue();
        assertThat(diagnosis.findings(State.MISSING)).isEmpty();
        assertThat(diagnosis.findings(State.USED)).extracting(Finding::name).contains("system", "native access", "eventfd",
                "timerfd", "ring", "operations", "wake-up", "timers", "receive buffers");
        assertThat(of(diagnosis, "receive buffers").detail()).endsWith("a datagram was received");
        assertThat(diagnosis.findings()).extracting(Finding::name).doesNotHaveDuplicates();
        assertThat(diagnosis.findings()).noneMatch(finding -> finding.detail().contains("unknown"));
        assertThat(kernel.open).isEmpty();
    }

    @Test
    void reportHasALineForEachFindingAndASummary() {
        Diagnosis diagnosis = new Diagnosis(List.of(Finding.used("a", "b"), Finding.fallback("c", "d", "do e")));
        assertThat(diagnosis.toString().lines()).containsExactly(
                "used      a                 b",
                "fallback  c                 d",
                "                         -> do e",
                "trale can run here, with one fallback");
        assertThat(new Diagnosis(List.of(Finding.info("a", "b"))).summary())
                .isEqualTo("trale can run here, without fallbacks");
        assertThat(new Diagnosis(List.of(Finding.missing("x", "y", "do z"))).summary())
                .isEqualTo("trale cannot run here: x: y; do z");
    }

    // ---- fallbacks

    private static final Map<Capability, String> NAMES = Map.of(
            Capability.NO_SQARRAY, "submission queue",
            Capability.DEFER_TASKRUN, "task work",
            Capability.SINGLE_ISSUER, "issuer",
            Capability.COOP_TASKRUN, "task work",
            Capability.BUFFER_RINGS, "receive buffers",
            Capability.REGISTERED_RING, "registered ring",
            Capability.MULTISHOT_POLL, "wake-up");

    @ParameterizedTest
    @EnumSource(value = Capability.class, mode = EnumSource.Mode.EXCLUDE, names = "PATIENT_COUNTERS") // causes no finding
    void missingFeatureIsReportedAsFallback(Capability capability) {
        Finding finding = of(Doctor.examine(MaskedKernel.without(EnumSet.of(capability))), NAMES.get(capability));
        assertThat(finding.state()).isEqualTo(State.FALLBACK);
        assertThat(finding.remedy()).startsWith("Linux ");
    }

    @Test
    void traleRunsWithAllFallbacks() {
        Diagnosis diagnosis = Doctor.examine(MaskedKernel.without(EnumSet.allOf(Capability.class)));
        assertThat(diagnosis.isHealthy()).isTrue();
        assertThat(diagnosis.findings(State.FALLBACK)).extracting(Finding::name).containsAll(NAMES.values());
        assertThat(of(diagnosis, "receive buffers").detail()).contains("by an operation").endsWith("a datagram was received");
        assertThat(diagnosis.summary()).isEqualTo("trale can run here, with 6 fallbacks");
    }

    // ---- failing calls

    @ParameterizedTest
    @CsvSource({"1, seccomp", "38, 6.1", "12, ulimit -l", "24, ulimit -n"})
    void failedRingIsMissingAndOtherProbesRun(int errno, String remedy) {
        kernel.setupErrno = errno;
        Diagnosis diagnosis = Doctor.examine(kernel);
        assertThat(diagnosis.isHealthy()).isFalse();
        Finding ring = of(diagnosis, "ring");
        assertThat(ring.state()).isEqualTo(State.MISSING);
        assertThat(ring.detail()).startsWith("io_uring_setup: " + Errno.describe(errno) + ": ");
        assertThat(ring.detail() + ring.remedy()).contains(remedy);
        assertThat(of(diagnosis, "eventfd").state()).isEqualTo(State.USED);
        assertThat(of(diagnosis, "async blocks").state()).isEqualTo(State.USED);
        assertThat(diagnosis.summary()).contains(ring.detail());
        assertThat(kernel.open).isEmpty();
    }

    /// The kernel releases the locked memory of a closed ring with a delay, so a second ring could fail.
    @Test
    void onlyOneRingIsOpened() {
        kernel.rings = 1;
        assertThat(Doctor.examine(kernel).isHealthy()).isTrue();
    }

    @Test
    void exceptionOfAProbeIsAFinding() {
        kernel.broken = true;
        Diagnosis diagnosis = Doctor.examine(kernel);
        assertThat(of(diagnosis, "loop")).isEqualTo(Finding.missing("loop", "broken", ""));
        assertThat(of(diagnosis, "timerfd").state()).isEqualTo(State.USED);
    }

    @Test
    void filteredEnterIsReported() {
        kernel.enterErrno = Errno.EPERM;
        Diagnosis diagnosis = Doctor.examine(kernel);
        assertThat(of(diagnosis, "ring").state()).isEqualTo(State.USED);
        Finding loop = of(diagnosis, "loop");
        assertThat(loop.state()).isEqualTo(State.MISSING);
        assertThat(loop.detail()).isEqualTo("io_uring_enter: EPERM, operation not permitted");
        assertThat(loop.remedy()).contains("io_uring_enter");
        assertThat(kernel.open).isEmpty();
    }

    @Test
    void failedTimerfdIsReportedForTheLoopAsWell() {
        kernel.noTimerfd = true;
        Diagnosis diagnosis = Doctor.examine(kernel);
        assertThat(of(diagnosis, "timerfd").state()).isEqualTo(State.MISSING);
        assertThat(of(diagnosis, "loop").detail()).startsWith("timerfd_create: EMFILE");
        assertThat(of(diagnosis, "ring").state()).isEqualTo(State.USED);
        assertThat(kernel.open).isEmpty();
    }

    @Test
    void receiveBuffersWithoutMemoryAreMissing() {
        kernel.registerOpcode = Abi.IORING_REGISTER_PBUF_RING;
        kernel.registerErrno = Errno.ENOMEM;
        Finding buffers = of(Doctor.examine(kernel), "receive buffers");
        assertThat(buffers.state()).isEqualTo(State.MISSING);
        assertThat(buffers.detail()).contains("ENOMEM").contains("ulimit -l");
        assertThat(kernel.open).isEmpty();
    }

    @Test
    void receiveBuffersAreUsedWithoutANetwork() {
        kernel.bindErrno = 99; // EADDRNOTAVAIL: not even loopback
        Diagnosis diagnosis = Doctor.examine(kernel);
        assertThat(diagnosis.isHealthy()).isTrue();
        assertThat(of(diagnosis, "receive buffers").detail()).contains("not tested: bind: EADDRNOTAVAIL");
        assertThat(kernel.open).isEmpty();
    }

    @Test
    void failedProbeOfOperationsIsUnknown() {
        kernel.registerOpcode = Abi.IORING_REGISTER_PROBE;
        kernel.registerErrno = Errno.EINVAL;
        Diagnosis diagnosis = Doctor.examine(kernel);
        assertThat(of(diagnosis, "operations")).isEqualTo(
                Finding.info("operations", "unknown: io_uring_register: EINVAL, invalid argument"));
        assertThat(diagnosis.isHealthy()).isTrue();
    }

    @Test
    void unsupportedOperationIsReported() {
        kernel.unknownOpcode = Opcode.STATX.number();
        Diagnosis diagnosis = Doctor.examine(kernel);
        assertThat(of(diagnosis, "operations").detail()).isEqualTo("this kernel does not support [STATX]");
        assertThat(diagnosis.isHealthy()).isFalse();
    }

    @Test
    void everyOpcodeIsProbed() {
        for (Opcode opcode : Opcode.values()) {
            kernel.unknownOpcode = opcode.number();
            assertThat(of(Doctor.examine(kernel), "operations").detail()).endsWith("[" + opcode + "]");
        }
    }

    @Test
    void kernelThatCannotBeCalledIsMissing() {
        Diagnosis diagnosis = Doctor.examine(() -> {
            throw new UnsupportedOperationException("no way");
        }, Path.of("/proc"));
        assertThat(of(diagnosis, "native access").state()).isEqualTo(State.MISSING);
        assertThat(diagnosis.summary()).isEqualTo("trale cannot run here: native access: no way");
        assertThat(of(diagnosis, "system").state()).isEqualTo(State.USED);
    }

    // ---- the system

    @TempDir
    private Path proc;

    private Diagnosis withProc(String disabled, String limits, String backlog) throws Exception {
        Files.createDirectories(proc.resolve("sys/kernel"));
        Files.createDirectories(proc.resolve("sys/net/core"));
        Files.createDirectories(proc.resolve("self"));
        if (!disabled.isEmpty()) {
            Files.writeString(proc.resolve("sys/kernel/io_uring_disabled"), disabled + "\n");
        }
        Files.writeString(proc.resolve("self/limits"), limits);
        Files.writeString(proc.resolve("sys/net/core/somaxconn"), backlog);
        return Doctor.examine(Kernel::real, proc);
    }

    @ParameterizedTest
    @CsvSource({"0, INFO, all users", "1, INFO, io_uring_group", "2, MISSING, is disabled", "'', INFO, has no"})
    void sysctlIsReportedAndDecides(String setting, State state, String detail) throws Exception {
        Finding finding = of(withProc(setting, "", "4096"), "sysctl");
        assertThat(finding.state()).isEqualTo(state);
        assertThat(finding.detail()).contains(detail);
        assertThat(finding.remedy()).isEqualTo(state == State.MISSING ? "as root: sysctl kernel.io_uring_disabled=0" : "");
    }

    @Test
    void limitsAreReportedAndSmallOnesHaveARemedy() throws Exception {
        Diagnosis small = withProc("0", """
                Limit                     Soft Limit           Hard Limit           Units
                Max open files            256                  524288               files
                Max locked memory         65536                65536                bytes
                """, "128\n");
        assertThat(List.of("locked memory", "descriptors", "backlog")).allSatisfy(name -> {
            assertThat(of(small, name).state()).isEqualTo(State.INFO);
            assertThat(of(small, name).remedy()).startsWith("raise it ");
        });
        assertThat(of(small, "descriptors").detail()).startsWith("256 ");
        Diagnosis large = withProc("0", "Max open files            524288   524288  files\n"
                + "Max locked memory         unlimited            unlimited            bytes\n", "4096\n");
        assertThat(of(large, "locked memory").detail()).startsWith("unlimited ");
        assertThat(large.findings(State.INFO)).allMatch(finding -> finding.remedy().isEmpty());
    }

    @Test
    void unreadableFactsAreUnknown() throws Exception {
        Diagnosis diagnosis = withProc("0", "", "many");
        assertThat(of(diagnosis, "locked memory").detail()).isEqualTo("unknown: not found in /proc/self/limits");
        assertThat(of(diagnosis, "backlog").detail()).startsWith("unknown: ");
        assertThat(diagnosis.isHealthy()).isTrue();
    }

    @Test
    void realBacklogIsReadToItsLastDigit() throws Exception {
        Process process = new ProcessBuilder("cat", "/proc/sys/net/core/somaxconn").start();
        String expected = new String(process.getInputStream().readAllBytes()).strip();
        assertThat(of(Doctor.examine(), "backlog").detail()).startsWith(expected + " ");
    }

    @ParameterizedTest
    @CsvSource({"Linux, 6.18.44-fc, USED", "Linux, 6.1.0, USED", "Linux, 10.0, USED", "Linux, 6.0.19, FALLBACK",
        "Linux, 5.15.0-91-generic, FALLBACK", "Linux, odd, USED", "Mac OS X, 15.1, MISSING"})
    void systemsOlderThanOursAreRemarkedOnAndOthersMissing(String name, String version, State state) {
        Finding finding = SystemProbes.system(name, version, "amd64");
        assertThat(finding.state()).isEqualTo(state);
        assertThat(finding.detail()).startsWith(name + " " + version + ", amd64");
        assertThat(finding.remedy().isEmpty()).isEqualTo(state == State.USED);
    }

    // ---- the calling thread

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anyThreadMayExamine(boolean executor) throws Exception {
        if (executor) {
            Executor.current();
        }
        assertThat(Doctor.examine().isHealthy()).isTrue();
        assertThat(io.trale.reactor.Reactor.isBound()).isEqualTo(executor);
        if (executor) {
            Executor.current().close();
        }
        boolean[] healthy = new boolean[1];
        Thread.ofVirtual().start(() -> healthy[0] = Doctor.examine().isHealthy()).join();
        assertThat(healthy[0]).isTrue();
    }

    @Test
    void interruptIsKeptForTheCaller() {
        Thread.currentThread().interrupt();
        assertThat(Doctor.examine().isHealthy()).isTrue();
        assertThat(Thread.interrupted()).isTrue();
    }
}

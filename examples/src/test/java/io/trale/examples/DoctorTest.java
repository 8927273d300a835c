package io.trale.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.doctor.Diagnosis;
import io.trale.linux.Errno;
import io.trale.linux.Kernel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/// `./trale doctor` on this machine, on one without io_uring, and on JVMs with other flags.
@Timeout(60)
class DoctorTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(Supplier<Diagnosis> examination) {
        return new CommandLine(new Doctor(examination)).setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true)).execute();
    }

    @Test
    void machineThatCanRunTraleIsStatus0() {
        assertThat(Cli.execute(new PrintWriter(out, true), new PrintWriter(err, true), "doctor")).isZero();
        assertThat(out.toString().lines()).anyMatch(line -> line.matches("used +ring +.*"))
                .last().asString().startsWith("trale can run here");
        assertThat(out.toString()).as("no colours without a terminal").doesNotContain("\033");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void machineThatCannotRunTraleIsStatus1WithOneLine() {
        Kernel real = Kernel.real();
        Kernel filtered = (Kernel) Proxy.newProxyInstance(Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class},
                (proxy, method, arguments) -> method.getName().equals("ioUringSetup") ? Integer.valueOf(-Errno.EPERM)
                        : method.invoke(real, arguments));
        assertThat(run(() -> io.trale.doctor.Doctor.examine(filtered))).isEqualTo(1);
        assertThat(out.toString()).contains("missing   ring ").contains("used      timerfd ").contains("-> ");
        assertThat(err.toString().lines()).singleElement().asString()
                .startsWith("doctor: trale cannot run here: ring: io_uring_setup: EPERM, operation not permitted: ");
    }

    @Test
    void onlyTheStateIsColoured() {
        assertThat(Doctor.painted("missing   ring", Ansi.ON)).matches("\033\\[.*mmissing\033\\[.*m   ring");
        assertThat(Doctor.painted("          -> do", Ansi.ON)).isEqualTo("          -> do");
        assertThat(Doctor.painted("info      JDK", Ansi.ON)).isEqualTo("info      JDK");
        assertThat(Doctor.painted("used      ring", Ansi.OFF)).isEqualTo("used      ring");
    }

    // ---- other JVM flags

    private record Ended(int status, String out, String err) {}

    private static Ended java(String... flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(flags));
        command.addAll(List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), Main.class.getName(), "doctor"));
        Process process = new ProcessBuilder(command).start();
        String[] err = new String[1];
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                err[0] = new String(process.getErrorStream().readAllBytes());
            } catch (IOException e) {
                err[0] = e.toString();
            }
        });
        String out = new String(process.getInputStream().readAllBytes());
        reader.join();
        return new Ended(process.waitFor(), out, err[0]);
    }

    @Test
    void missingFlagsAreRecommended() throws Exception {
        Ended ended = java();
        assertThat(ended.status).as(ended.toString()).isZero();
        assertThat(ended.out).contains("fallback  native access ").contains("-> --enable-native-access=ALL-UNNAMED")
                .contains("fallback  async blocks ").contains("-> --add-opens java.base/java.lang=ALL-UNNAMED");
    }

    @Test
    void presentFlagsAreNotRecommended() throws Exception {
        Ended ended = java("--enable-native-access=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED");
        assertThat(ended.status).as(ended.toString()).isZero();
        assertThat(ended.out).contains("used      native access ").contains("used      async blocks ").doesNotContain("--");
        assertThat(ended.err).isEmpty();
    }

    @Test
    void forbiddenNativeAccessIsReported() throws Exception {
        Ended ended = java("--illegal-native-access=deny");
        assertThat(ended.status).as(ended.toString()).isEqualTo(1);
        assertThat(ended.out).contains("missing   native access ").contains("fallback  async blocks ");
        assertThat(ended.err.lines()).singleElement().asString().isEqualTo("trale doctor: trale cannot run here:"
                + " native access: this JVM forbids it; --enable-native-access=ALL-UNNAMED");
    }
}

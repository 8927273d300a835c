package io.trale.kernels;

import static org.junit.platform.engine.discovery.ClassNameFilter.excludeClassNamePatterns;
import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// Runs the test classes of a directory inside the virtual machine, and prints one line for each test on stdout.
///
/// An emulated processor is ten times slower than a real one. The time limits of the tests are therefore switched off. One
/// limit replaces them: a test that takes longer than five minutes is interrupted, and all stacks are printed.
public final class TestRun implements TestExecutionListener {

    private static final long LIMIT_SECONDS = 300;

    private volatile String current = "";
    private volatile long startedNanos = System.nanoTime();

    private TestRun() {}

    /// Arguments: the module; the directory of its test classes; a regular expression for the names of the test classes.
    public static void main(String[] args) {
        TestRun run = new TestRun();
        Thread tests = Thread.currentThread();
        Thread.ofPlatform().daemon().start(() -> run.watch(tests));
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClasspathRoots(Set.of(Path.of(args[1]))))
                .filters(includeClassNamePatterns(".*Test"), includeClassNamePatterns(args[2]),
                        excludeClassNamePatterns(".*ScheduleTest"))
                .configurationParameter("junit.jupiter.execution.timeout.mode", "disabled").build();
        LauncherFactory.create().execute(request, run);
        System.out.println("END " + args[0]);
        System.exit(0);
    }

    private static String name(TestIdentifier test) {
        String shown = test.getDisplayName();
        if (!(test.getSource().orElse(null) instanceof MethodSource method)) {
            return shown;
        }
        String name = method.getClassName() + "." + method.getMethodName();
        return shown.startsWith(method.getMethodName()) ? name : name + " " + shown; // of a parameterized test
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        current = name(test);
        startedNanos = System.nanoTime();
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (test.isTest() || result.getStatus() == TestExecutionResult.Status.FAILED) {
            String line = switch (result.getStatus()) {
                case SUCCESSFUL -> "PASS ";
                case ABORTED -> "SKIP ";
                case FAILED -> "FAIL ";
            };
            System.out.println(line + name(test) + " (" + (System.nanoTime() - startedNanos) / 1_000_000_000 + " s)");
            result.getThrowable().ifPresent(failure -> failure.printStackTrace(System.out));
        }
    }

    private void watch(Thread tests) {
        long interrupted = 0; // the start of the test that was interrupted last
        while (true) {
            long started = startedNanos;
            long seconds = (System.nanoTime() - started) / 1_000_000_000;
            if (seconds > LIMIT_SECONDS && started != interrupted) {
                System.out.println("Interrupted: " + current);
                printStacks();
                tests.interrupt();
                interrupted = started;
            } else if (seconds > LIMIT_SECONDS + 60) {
                System.out.println("FAIL " + current + " (cannot be interrupted; the tests after it did not run)");
                Runtime.getRuntime().halt(1);
            }
            LockSupport.parkNanos(1_000_000_000);
        }
    }

    private static void printStacks() {
        for (Map.Entry<Thread, StackTraceElement[]> stack : Thread.getAllStackTraces().entrySet()) {
            System.out.println(stack.getKey());
            for (StackTraceElement frame : stack.getValue()) {
                System.out.println("    " + frame);
            }
        }
    }
}

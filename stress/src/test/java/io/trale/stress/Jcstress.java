package io.trale.stress;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.TestExecutor;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.InProcessCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.runners.TestConfig;
import org.openjdk.jcstress.infra.runners.TestList;
import org.openjdk.jcstress.os.Scheduler;
import org.openjdk.jcstress.os.SchedulingClass;
import org.openjdk.jcstress.os.topology.Topology;
import org.openjdk.jcstress.vm.CompileMode;
import org.openjdk.jcstress.vm.VMSupport;

/// Runs one jcstress test at a time, each in its own JVM with the flags of an application.
///
/// The `Main` of jcstress is not used: it first tries two dozen flags, each in a JVM, which takes too long for every twin.
final class Jcstress {

    private static final String CLASS_PATH = "java.class.path";
    private static final int ITERATIONS = 5;

    private final Options options = new Options(new String[] {
        "-jvmArgs", "--enable-native-access=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED",
        "-iters", "" + ITERATIONS,
        "-time", "" + Integer.getInteger("trale.jcstress.millis", 1000) / ITERATIONS,
        "-sc", "false",
        "-af", "NONE",
    });
    private final Scheduler scheduler;
    private final List<String> flags;

    Jcstress() throws IOException {
        if (!options.parse()) {
            throw new AssertionError("options");
        }
        VMSupport.initFlags(options);
        VMSupport.detectAvailableVMConfigs(options.isSplitCompilation(), options.getJvmArgs(), options.getJvmArgsPrepend());
        flags = VMSupport.getAvailableVMConfigs().getFirst().args();
        scheduler = new Scheduler(Topology.get(), options.getCPUCount());
    }

    /// Runs `test` with the class path.
    TestResult run(Class<?> test) throws IOException {
        TestInfo info = TestList.getInfo(test.getCanonicalName());
        SchedulingClass threads = scheduler.scheduleClasses(info.threads(), options.getCPUCount(), options.affinityMode())
                .getFirst();
        InProcessCollector collector = new InProcessCollector();
        new TestExecutor(options.verbosity(), collector, scheduler)
                .runAll(List.of(new TestConfig(options, info, 0, flags, CompileMode.UNIFIED, threads)));
        Collection<TestResult> results = collector.getTestResults();
        if (results.size() != 1) {
            throw new AssertionError(results.size() + " results");
        }
        return results.iterator().next();
    }

    /// Runs `test`. Classes in the directory `first` replace those of the class path.
    TestResult run(Class<?> test, Path first) throws IOException {
        String classPath = System.getProperty(CLASS_PATH);
        System.setProperty(CLASS_PATH, first + File.pathSeparator + classPath);
        try {
            return run(test);
        } finally {
            System.setProperty(CLASS_PATH, classPath);
        }
    }
}

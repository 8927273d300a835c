package io.trale.doctor;

import java.util.ArrayList;
import java.util.List;

/// Collects the findings. An exception of a probe becomes a finding, so that the other probes still run.
final class Notes {

    /// Examines one feature.
    interface Probe {
        Finding examine() throws Exception;
    }

    private final List<Finding> findings = new ArrayList<>();

    void add(Finding finding) {
        findings.add(finding);
    }

    /// Runs a probe of a feature that trale needs: if the probe throws, the feature is missing.
    void need(String name, Probe probe) {
        try {
            findings.add(probe.examine());
        } catch (Throwable t) {
            findings.add(Finding.missing(name, message(t), ""));
        }
    }

    /// Runs a probe for information: if the probe throws, the value is unknown.
    void fact(String name, Probe probe) {
        try {
            findings.add(probe.examine());
        } catch (Throwable t) {
            findings.add(Finding.info(name, "unknown: " + message(t)));
        }
    }

    Diagnosis diagnosis() {
        return new Diagnosis(findings);
    }

    static String message(Throwable t) {
        return t.getMessage() == null ? t.toString() : t.getMessage();
    }
}

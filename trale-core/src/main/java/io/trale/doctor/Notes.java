package io.trale.doctor;

import java.util.ArrayList;
import java.util.List;

/// The findings so far. Whatever a probe throws becomes a finding too, and keeps no other probe from its turn.
final class Notes {

    /// Looks at one thing.
    interface Probe {
        Finding examine() throws Exception;
    }

    private final List<Finding> findings = new ArrayList<>();

    void add(Finding finding) {
        findings.add(finding);
    }

    /// Notes something that trale needs: if it cannot be looked at, it is missing.
    void need(String name, Probe probe) {
        try {
            findings.add(probe.examine());
        } catch (Throwable t) {
            findings.add(Finding.missing(name, words(t), ""));
        }
    }

    /// Notes something that is good to know.
    void fact(String name, Probe probe) {
        try {
            findings.add(probe.examine());
        } catch (Throwable t) {
            findings.add(Finding.info(name, "unknown: " + words(t)));
        }
    }

    Diagnosis diagnosis() {
        return new Diagnosis(findings);
    }

    static String words(Throwable t) {
        return t.getMessage() == null ? t.toString() : t.getMessage();
    }
}

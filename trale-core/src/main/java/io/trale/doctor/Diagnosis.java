package io.trale.doctor;

import io.trale.doctor.Finding.State;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What [Doctor#examine] found, in the order in which it looked.
public record Diagnosis(List<Finding> findings) {

    public Diagnosis {
        findings = List.copyOf(findings);
    }

    /// True if trale can run here, be it with fallbacks.
    public boolean isHealthy() {
        return findings(State.MISSING).isEmpty();
    }

    /// The findings of one kind.
    public List<Finding> findings(State state) {
        return findings.stream().filter(finding -> finding.state() == state).toList();
    }

    /// The whole in one sentence.
    public String summary() {
        List<Finding> missing = findings(State.MISSING);
        if (!missing.isEmpty()) {
            Finding first = missing.getFirst();
            return "trale cannot run here: " + first.name() + ": " + first.detail()
                    + (first.remedy().isEmpty() ? "" : "; " + first.remedy());
        }
        int fallbacks = findings(State.FALLBACK).size();
        return "trale can run here" + switch (fallbacks) {
            case 0 -> ", with everything that it knows to use";
            case 1 -> ", with one fallback";
            default -> ", with " + fallbacks + " fallbacks";
        };
    }

    /// A line for each finding, with another for each remedy, and the [#summary] at the end.
    @Override
    public String toString() {
        return findings.stream().map(Diagnosis::lines).collect(Collectors.joining()) + summary();
    }

    private static String lines(Finding finding) {
        return String.format(Locale.ROOT, "%-8s  %-18s  %s%n", finding.state().name().toLowerCase(Locale.ROOT), finding.name(),
                finding.detail()) + (finding.remedy().isEmpty() ? "" : "%30s%s%n".formatted("-> ", finding.remedy()));
    }
}

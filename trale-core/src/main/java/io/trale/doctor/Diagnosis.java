package io.trale.doctor;

import io.trale.doctor.Finding.State;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

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

    /// A line for each finding, which begins with its state in small letters, and one more for each remedy.
    public List<String> lines() {
        return findings.stream().flatMap(Diagnosis::lines).toList();
    }

    private static Stream<String> lines(Finding finding) {
        String line = String.format(Locale.ROOT, "%-8s  %-16s  %s", finding.state().name().toLowerCase(Locale.ROOT),
                finding.name(), finding.detail());
        return finding.remedy().isEmpty() ? Stream.of(line) : Stream.of(line, " ".repeat(25) + "-> " + finding.remedy());
    }

    /// The [#lines], and the [#summary] at the end.
    @Override
    public String toString() {
        return String.join("\n", lines()) + "\n" + summary();
    }
}

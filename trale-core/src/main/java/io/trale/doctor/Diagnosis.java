package io.trale.doctor;

import io.trale.doctor.Finding.State;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// The findings of [Doctor#examine], in the order of the probes.
public record Diagnosis(List<Finding> findings) {

    public Diagnosis {
        findings = List.copyOf(findings);
    }

    /// True if trale can run here, with or without fallbacks.
    public boolean isHealthy() {
        return findings(State.MISSING).isEmpty();
    }

    /// The findings with `state`.
    public List<Finding> findings(State state) {
        return findings.stream().filter(finding -> finding.state() == state).toList();
    }

    /// The result in one sentence.
    public String summary() {
        List<Finding> missing = findings(State.MISSING);
        if (!missing.isEmpty()) {
            Finding first = missing.getFirst();
            return "trale cannot run here: " + first.name() + ": " + first.detail()
                    + (first.remedy().isEmpty() ? "" : "; " + first.remedy());
        }
        int fallbacks = findings(State.FALLBACK).size();
        return "trale can run here" + switch (fallbacks) {
            case 0 -> ", without fallbacks";
            case 1 -> ", with one fallback";
            default -> ", with " + fallbacks + " fallbacks";
        };
    }

    /// One line for each finding, which begins with its state in lower case, and one more line for each remedy.
    public List<String> lines() {
        return findings.stream().flatMap(Diagnosis::lines).toList();
    }

    private static Stream<String> lines(Finding finding) {
        String line = String.format(Locale.ROOT, "%-8s  %-16s  %s", finding.state().name().toLowerCase(Locale.ROOT),
                finding.name(), finding.detail());
        return finding.remedy().isEmpty() ? Stream.of(line) : Stream.of(line, " ".repeat(25) + "-> " + finding.remedy());
    }

    /// The [#lines], then the [#summary].
    @Override
    public String toString() {
        return String.join("\n", lines()) + "\n" + summary();
    }
}

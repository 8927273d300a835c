package io.trale.doctor;

/// The result of one probe. `detail` describes what was found. `remedy` is the recommended action, or empty if there is
/// none.
public record Finding(String name, State state, String detail, String remedy) {

    /// The meaning of a finding for trale.
    public enum State {
        /// The feature is available and works; trale uses it.
        USED,
        /// The feature is not available; trale uses a slower replacement.
        FALLBACK,
        /// The feature is not available, and trale cannot run without it.
        MISSING,
        /// Information, such as a limit of the system.
        INFO
    }

    static Finding used(String name, String detail) {
        return new Finding(name, State.USED, detail, "");
    }

    static Finding fallback(String name, String detail, String remedy) {
        return new Finding(name, State.FALLBACK, detail, remedy);
    }

    static Finding missing(String name, String detail, String remedy) {
        return new Finding(name, State.MISSING, detail, remedy);
    }

    static Finding info(String name, String detail) {
        return new Finding(name, State.INFO, detail, "");
    }
}

package io.trale.doctor;

/// One thing that was looked at. `detail` says what is there; `remedy` says what to do about it, and is empty where there is
/// nothing to be done.
public record Finding(String name, State state, String detail, String remedy) {

    /// What a finding means for trale.
    public enum State {
        /// It is there, works, and is used.
        USED,
        /// It is not there, and something else is used in its place, at a price.
        FALLBACK,
        /// It is not there, and trale cannot run without it.
        MISSING,
        /// A fact that is good to know, such as a limit.
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

package io.trale.reactive;

/// An element of [Trale#ticks]: a period has passed, or several that nobody had asked about.
///
/// @param sequence the number of the last period that has passed, counted from 0; it was due `sequence` periods after the
///        first
/// @param missed how many more have passed since the tick before: 0 for a subscriber that keeps up
public record Tick(long sequence, long missed) {}

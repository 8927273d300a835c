package io.trale.reactive;

/// An element of [Trale#ticks]: one or more periods have passed.
///
/// @param sequence the number of the last period that has passed, counted from 0; it was due `sequence` periods after the first
/// @param missed the number of periods that passed without a tick since the previous tick; 0 if the subscriber keeps up
public record Tick(long sequence, long missed) {}

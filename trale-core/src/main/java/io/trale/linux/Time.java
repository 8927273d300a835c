package io.trale.linux;

/// Constants of clocks and timers, the same on every architecture.
public final class Time {

    // include/uapi/linux/time.h, clock_gettime(2)
    public static final int CLOCK_MONOTONIC = 1;

    // include/linux/timerfd.h, timerfd_create(2)
    public static final int TFD_TIMER_ABSTIME = 1;
    public static final int TFD_NONBLOCK = 0x800;
    public static final int TFD_CLOEXEC = 0x80000;

    private Time() {}
}

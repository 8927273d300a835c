/// Timers for tasks: [io.trale.time.Timer] sleeps once, [io.trale.time.TimerFd] expires periodically.
package io.trale.time;

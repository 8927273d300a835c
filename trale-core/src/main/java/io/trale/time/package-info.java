/// Timers for tasks. Open [io.trale.time.Timer] first, which sleeps once; [io.trale.time.TimerFd] expires periodically.
package io.trale.time;

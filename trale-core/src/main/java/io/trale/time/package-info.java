/// Sleeping, and periodic ticks.
package io.trale.time;

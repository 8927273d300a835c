/// Synchronization between tasks: [io.trale.sync.Mutex] and [io.trale.sync.EventFd].
package io.trale.sync;

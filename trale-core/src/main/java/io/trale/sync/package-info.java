/// Synchronization between tasks. Open [io.trale.sync.EventFd] first, then [io.trale.sync.Mutex].
package io.trale.sync;

/// Files as sources and sinks: positional reads while there is demand, writes as the kernel takes them.
///
/// Not exported: what is public here is public for [io.trale.reactive.Trale] only. Read
/// [io.trale.reactive.file.FileSubscription] first.
@NullMarked
package io.trale.reactive.file;

import org.jspecify.annotations.NullMarked;

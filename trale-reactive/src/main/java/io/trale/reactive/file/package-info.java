/// Files as sources and sinks: reads while there is demand, writes as fast as the kernel takes them. Open
/// [io.trale.reactive.file.FileSubscription] first.
///
/// Not exported: public only for [io.trale.reactive.Trale].
@NullMarked
package io.trale.reactive.file;

import org.jspecify.annotations.NullMarked;

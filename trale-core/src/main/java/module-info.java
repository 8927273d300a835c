/// A single-threaded io_uring executor. Start at [io.trale.task.Executor].
///
/// Nothing public here takes or gives `null`, save the value of a `Future<Void>`.
@SuppressWarnings("module") // the qualified exports name a module that is compiled after this one
module io.trale.core {
    exports io.trale.doctor;
    exports io.trale.fs;
    exports io.trale.future;
    exports io.trale.io;
    exports io.trale.net;
    exports io.trale.sync;
    exports io.trale.task;
    exports io.trale.time;

    exports io.trale.linux to io.trale.reactive;
    exports io.trale.uring to io.trale.reactive;
    exports io.trale.reactor to io.trale.reactive;
    exports io.trale.leaf to io.trale.reactive;
}

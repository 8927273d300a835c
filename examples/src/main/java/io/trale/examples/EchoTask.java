package io.trale.examples;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.net.TcpStream;
import java.io.IOException;

/// The echo of one connection as what `async` saves one from writing: a state machine that is polled.
final class EchoTask implements Future<Void> {

    private final TcpStream stream;
    private final Buffer buffer = Buffer.allocate(EchoServer.BUFFER_BYTES);
    /// The read or the write under way.
    private IntFuture step;
    private boolean writing;
    /// What was read and is not written yet.
    private int position;
    private int end;

    EchoTask(TcpStream stream) {
        this.stream = stream;
        step = stream.read(buffer);
    }

    @Override
    public boolean poll(Waker waker) {
        try {
            while (step.poll(waker)) {
                if (!next(step.resultAsInt())) {
                    cancel();
                    return true;
                }
            }
            return false;
        } catch (IOException gone) { // the peer left without a word: there is nobody to tell
            cancel();
            return true;
        }
    }

    /// Begins the next step. Returns false at the end of the stream.
    private boolean next(int count) {
        if (writing) {
            position += count;
        } else {
            position = 0;
            end = count;
        }
        writing = position < end;
        step = writing ? stream.write(buffer, position, end - position) : stream.read(buffer);
        return end > 0;
    }

    @Override
    public Void result() {
        return null;
    }

    @Override
    public void cancel() {
        stream.close(); // cancels the step under way
        buffer.close();
    }
}

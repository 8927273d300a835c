package io.trale.examples;

import io.trale.future.Future;
import io.trale.future.IntFuture;
import io.trale.future.Waker;
import io.trale.io.Buffer;
import io.trale.net.TcpStream;
import java.io.IOException;

/// The echo of one connection as a polled state machine, without `async`.
final class EchoTask implements Future<Void> {

    private final TcpStream stream;
    private final Buffer buffer = Buffer.allocate(EchoServer.BUFFER_BYTES);
    /// The read or write in progress.
    private IntFuture step;
    private boolean writing;
    /// The range of `buffer` that was read and is not yet written.
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
        } catch (IOException gone) { // the peer has reset the connection
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
        stream.close(); // cancels the step in progress
        buffer.close();
    }
}

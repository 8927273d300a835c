package io.trale.examples.web;

import static io.trale.task.Async.async;
import static io.trale.task.Async.await;
import static io.trale.task.Async.timeout;

import io.trale.fs.File;
import io.trale.io.Buffer;
import io.trale.net.TcpStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketTimeoutException;
import java.nio.file.LinkOption;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ContentLengthStrategy;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.Method;
import org.apache.hc.core5.http.UnsupportedHttpVersionException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultConnectionReuseStrategy;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.HttpProcessors;
import org.apache.hc.core5.http.impl.ServerSupport;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestParser;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseWriter;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;
import org.apache.hc.core5.http.impl.io.SessionOutputBufferImpl;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.http.protocol.HttpProcessor;

/// Serves the requests of one client, one after the other. Call all methods in an async block.
///
/// The HTTP library interprets the messages; this class limits their cost. A connection has two buffers, and every wait has
/// a time limit.
final class HttpConnection implements AutoCloseable {

    private static final int MAX_HEAD_BYTES = 16 << 10;
    private static final int OUTPUT_BYTES = 64 << 10;
    private static final Duration FAREWELL = Duration.ofSeconds(2);

    private static final Http1Config CONFIG =
            Http1Config.custom().setMaxLineLength(8 << 10).setMaxHeaderCount(100).build();
    private static final HttpProcessor RULES = HttpProcessors.server("tws");

    private final HttpServer server;
    private final TcpStream stream;
    private final SocketInput input;
    private final SessionInputBufferImpl unparsed =
            new SessionInputBufferImpl(SocketInput.BYTES, CONFIG.getMaxLineLength());
    private final DefaultHttpRequestParser parser = new DefaultHttpRequestParser(CONFIG);
    private final Buffer output = Buffer.allocate(OUTPUT_BYTES);

    HttpConnection(HttpServer server, TcpStream stream) {
        this.server = server;
        this.stream = stream;
        input = new SocketInput(stream);
    }

    /// Answers requests until the client ends the connection or a limit is exceeded.
    void serve() throws Exception {
        boolean more = true;
        while (more && (unparsed.hasBufferedData() || input.hasMore(server.limits().idle()))) {
            more = exchange();
        }
        stream.shutdownOutput();
        try { // a close with unread bytes resets the connection, and the client could lose the last reply
            await(timeout(async(input::drain), FAREWELL));
        } catch (TimeoutException e) {
            server.debug().accept("The client does not close the connection");
        }
    }

    /// Answers one request; returns true if another may follow.
    private boolean exchange() throws Exception {
        HttpCoreContext context = HttpCoreContext.create();
        Reply reply;
        try {
            ClassicHttpRequest request = await(timeout(async(this::head), server.limits().head()));
            server.debug().accept("Got request: " + request);
            context.setProtocolVersion(request.getVersion());
            context.setRequest(request);
            RULES.process(request, null, context);
            long body = DefaultContentLengthStrategy.INSTANCE.determineLength(request);
            reply = await(server.lookups().submit(async(() -> server.site().answer(request))));
            if (body > 0 || body == ContentLengthStrategy.CHUNKED) {
                reply.last(); // the body is not read, so no request can follow
            }
        } catch (TimeoutException e) {
            reply = Reply.error(HttpStatus.SC_REQUEST_TIMEOUT).last();
        } catch (HttpException e) {
            reply = Reply.error(ServerSupport.toStatusCode(e)).last();
        }
        return send(reply, context);
    }

    /// Reads a request up to the empty line. The parser reads from a blocking stream; in an async block it may block.
    private ClassicHttpRequest head() throws IOException, HttpException {
        input.allow(MAX_HEAD_BYTES);
        ClassicHttpRequest request = parser.parse(unparsed, input);
        if (request.getVersion().greaterEquals(HttpVersion.HTTP_2)) {
            throw new UnsupportedHttpVersionException(request.getVersion());
        }
        if (request.getScheme() == null) {
            request.setScheme("http");
        }
        return request;
    }

    // ---- answering

    /// Sends `reply`; returns true if another may follow.
    private boolean send(Reply reply, HttpCoreContext context) throws Exception {
        boolean headOnly = context.getRequest() != null && Method.HEAD.isSame(context.getRequest().getMethod());
        if (headOnly || reply.file().isEmpty()) {
            write(putHead(reply, headOnly ? new byte[0] : reply.text(), context));
        } else {
            File file;
            try {
                file = await(File.open(reply.file().get(), LinkOption.NOFOLLOW_LINKS));
            } catch (IOException e) { // removed since the look-up, or no descriptor left
                server.error().accept(e.getMessage());
                return send(Reply.error(HttpStatus.SC_INTERNAL_SERVER_ERROR).last(), context);
            }
            try (file) {
                sendFile(file, reply.entity().getContentLength(), putHead(reply, reply.text(), context));
            }
        }
        return DefaultConnectionReuseStrategy.INSTANCE.keepAlive(context.getRequest(), reply.head(), context);
    }

    /// Sends the head, which is already in `output`, then the first `length` bytes of `file`.
    private void sendFile(File file, long length, int headBytes) throws Exception {
        int ready = headBytes;
        long position = 0;
        do {
            int wanted = (int) Math.min(OUTPUT_BYTES - ready, length - position);
            int count = await(file.readAt(output, ready, wanted, position));
            if (count == 0 && wanted > 0) { // the head is sent, so the only way to report this is to close
                throw new EOFException(file + " ends at byte " + position + ", must have " + length);
            }
            write(ready + count);
            position += count;
            ready = 0;
        } while (position < length);
    }

    /// Writes the head of `reply`, then `text`, to `output`. Returns the number of bytes.
    private int putHead(Reply reply, byte[] text, HttpCoreContext context) throws IOException, HttpException {
        RULES.process(reply.head(), reply.entity(), context);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SessionOutputBufferImpl lines = new SessionOutputBufferImpl(512);
        new DefaultHttpResponseWriter().write(reply.head(), lines, bytes);
        lines.flush(bytes);
        bytes.write(text);
        MemorySegment.copy(bytes.toByteArray(), 0, output.segment(), ValueLayout.JAVA_BYTE, 0, bytes.size());
        return bytes.size();
    }

    private void write(int count) throws Exception {
        try {
            await(timeout(stream.writeAll(output, 0, count), server.limits().send()));
        } catch (TimeoutException e) {
            throw new SocketTimeoutException(
                    "the client at " + stream.remoteAddress().getHostString() + " does not read");
        }
    }

    @Override
    public void close() {
        input.close();
        output.close();
        stream.close();
    }
}

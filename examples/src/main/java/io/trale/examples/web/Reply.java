package io.trale.examples.web;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.impl.BasicEntityDetails;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/// The response to a request: a head, then a body. The body is empty if `entity` is null, else the first bytes of `file`, or
/// `text` if there is no file.
record Reply(ClassicHttpResponse head, EntityDetails entity, Optional<Path> file, byte[] text) {

    /// A response with the first `length` bytes of `file`.
    static Reply file(Path file, long length, ContentType type) {
        return new Reply(new BasicClassicHttpResponse(HttpStatus.SC_OK), new BasicEntityDetails(length, type),
                Optional.of(file), new byte[0]);
    }

    /// An error response; its body is the status line.
    static Reply error(int status) {
        ClassicHttpResponse head = new BasicClassicHttpResponse(status);
        byte[] text = (status + " " + head.getReasonPhrase() + "\n").getBytes(StandardCharsets.US_ASCII);
        return new Reply(head, new BasicEntityDetails(text.length, ContentType.TEXT_PLAIN), Optional.empty(), text);
    }

    static Reply notModified() {
        return new Reply(new BasicClassicHttpResponse(HttpStatus.SC_NOT_MODIFIED), null, Optional.empty(), new byte[0]);
    }

    Reply with(String header, String value) {
        head.setHeader(header, value);
        return this;
    }

    /// Closes the connection after this response.
    Reply last() {
        return with(HttpHeaders.CONNECTION, "close");
    }
}

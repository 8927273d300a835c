package io.trale.examples.web;

import io.trale.examples.Root;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URLConnection;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.Method;

/// Answers requests with the files under a directory. Reads the file system, which may block. Any thread.
final class Site {

    private static final DateTimeFormatter HTTP_DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US).withZone(ZoneOffset.UTC);

    private final Root root;

    Site(Root root) {
        this.root = root;
    }

    Reply answer(HttpRequest request) {
        if (!Method.GET.isSame(request.getMethod()) && !Method.HEAD.isSame(request.getMethod())) {
            return Reply.error(HttpStatus.SC_METHOD_NOT_ALLOWED).with(HttpHeaders.ALLOW, "GET, HEAD");
        }
        try {
            String path = request.getUri().getPath();
            Path file = root.find(path);
            if (Files.isDirectory(file)) {
                if (!path.endsWith("/")) { // so that relative links in the page resolve
                    String name = request.getUri().getRawPath();
                    return Reply.error(HttpStatus.SC_MOVED_PERMANENTLY)
                            .with(HttpHeaders.LOCATION, "." + name.substring(name.lastIndexOf('/')) + "/");
                }
                file = root.find(path + "index.html");
            } else if (path.endsWith("/")) {
                throw new NoSuchFileException(path);
            }
            return answer(request, file);
        } catch (URISyntaxException e) {
            return Reply.error(HttpStatus.SC_BAD_REQUEST);
        } catch (AccessDeniedException e) {
            return Reply.error(HttpStatus.SC_FORBIDDEN);
        } catch (IOException e) {
            return Reply.error(HttpStatus.SC_NOT_FOUND);
        }
    }

    private static Reply answer(HttpRequest request, Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) { // a read of a pipe would wait for a writer
            throw new NoSuchFileException(file.toString());
        }
        if (!Files.isReadable(file)) {
            throw new AccessDeniedException(file.toString());
        }
        Instant modified = attributes.lastModifiedTime().toInstant().truncatedTo(ChronoUnit.SECONDS);
        Reply reply = isSince(request.getFirstHeader(HttpHeaders.IF_MODIFIED_SINCE), modified) ? Reply.notModified()
                : Reply.file(file, attributes.size(), type(file));
        return reply.with(HttpHeaders.LAST_MODIFIED, HTTP_DATE.format(modified));
    }

    /// True if `header` has a date that is not before `modified`.
    private static boolean isSince(Header header, Instant modified) {
        try {
            return header != null && !modified.isAfter(Instant.from(HTTP_DATE.parse(header.getValue())));
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static ContentType type(Path file) {
        String type = URLConnection.guessContentTypeFromName(file.getFileName().toString());
        return type != null ? ContentType.create(type) : ContentType.APPLICATION_OCTET_STREAM;
    }
}

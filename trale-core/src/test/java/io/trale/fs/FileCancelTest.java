package io.trale.fs;

import static io.trale.testing.CancelAtEveryStep.atEveryStep;
import static org.assertj.core.api.Assertions.assertThat;

import io.trale.future.Future;
import io.trale.io.Buffer;
import io.trale.task.Async;
import io.trale.testing.CancelAtEveryStep;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// File operations that are cancelled at every step: no descriptor leaks, and no cursor moves.
@Timeout(120)
class FileCancelTest {

    @Test
    void openOfAFile() throws Exception {
        atEveryStep(() -> new CancelAtEveryStep<File>() {
            @Override
            protected Future<File> future() {
                return File.create(Path.of("/file"));
            }

            @Override
            protected void after(File file) {
                if (file != null) {
                    file.close();
                }
            }
        });
    }

    /// A file of three bytes.
    private abstract static class Filed<T> extends CancelAtEveryStep<T> {

        final Buffer buffer = Buffer.allocate(10);
        final Buffer other = Buffer.allocate(10);
        File file;

        void open() throws Exception {
            file = run(File.create(Path.of("/file")));
            other.segment().asSlice(0, 3).fill((byte) 5);
            run(file.writeAt(other, 0, 3, 0));
        }

        void close() {
            file.close();
            buffer.close();
            other.close();
        }
    }

    @Test
    void readAtTheCursor() throws Exception {
        atEveryStep(() -> new Filed<Integer>() {
            @Override
            protected Future<Integer> future() throws Exception {
                open();
                return file.read(buffer);
            }

            @Override
            protected void after(Integer count) throws Exception {
                assertThat(file.position()).isEqualTo(count == null ? 0 : 3);
                assertThat(run(file.read(other))).isEqualTo(count == null ? 3 : 0);
                close();
            }
        });
    }

    @Test
    void writeAtTheCursor() throws Exception {
        atEveryStep(() -> new Filed<Integer>() {
            @Override
            protected Future<Integer> future() throws Exception {
                open();
                return file.write(buffer, 0, 2);
            }

            @Override
            protected void after(Integer count) throws Exception {
                assertThat(file.position()).isEqualTo(count == null ? 0 : 2);
                run(file.writeAt(other, 0, 3, 0));
                assertThat(kernel.bytes("/file")).containsExactly(5, 5, 5);
                close();
            }
        });
    }

    @Test
    void readAndSyncAndSize() throws Exception {
        atEveryStep(() -> new Filed<List<Object>>() {
            @Override
            protected Future<List<Object>> future() throws Exception {
                open();
                return Async.join(file.readAt(buffer, 0), file.sync(true), file.size());
            }

            @Override
            protected void after(List<Object> results) {
                if (results != null) {
                    assertThat(results).containsExactly(3, null, 3L);
                }
                close();
            }
        });
    }
}

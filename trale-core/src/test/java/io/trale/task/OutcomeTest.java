package io.trale.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/// A stored outcome is returned or thrown as it was.
class OutcomeTest {

    private static final class OwnThrowable extends Throwable {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void everyKindOfOutcomeComesBack() throws Exception {
        assertThat(Outcome.of("value", null)).isEqualTo("value");
        IOException exception = new IOException("an exception");
        assertThatThrownBy(() -> Outcome.of(null, exception)).isSameAs(exception);
        AssertionError error = new AssertionError("an error");
        assertThatThrownBy(() -> Outcome.of(null, error)).isSameAs(error);
        OwnThrowable other = new OwnThrowable();
        assertThatThrownBy(() -> Outcome.of(null, other)).isInstanceOf(IllegalStateException.class).hasCause(other);
    }

    @Test
    void cancelThatCausedAFailureIsReported() {
        CancellationException cancel = new CancellationException("a cancel");
        assertThat(Outcome.isCancel(cancel)).isTrue();
        assertThat(Outcome.isCancel(new IOException("no cancel"))).isFalse();
        cancel.addSuppressed(new IOException("a failure"));
        assertThat(Outcome.isCancel(cancel)).isFalse();
    }
}

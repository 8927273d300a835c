package io.trale.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The list of live tasks.
class LiveTasksTest {

    /// Otherwise the handle of an ended task would keep all later tasks reachable.
    @Test
    void endedTaskRefersToNoOther() {
        for (int first = 0; first < 3; first++) {
            LiveTasks live = new LiveTasks(failure -> { });
            List<Task<?>> tasks = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                tasks.add(new Task<>(null, ScriptedFuture.pending()));
                live.add(tasks.get(i));
            }
            tasks.addAll(tasks.subList(0, first));
            for (Task<?> task : tasks.subList(first, first + 3)) {
                assertThat(live.isEmpty()).isFalse();
                live.ended(task, false);
                assertThat(task.previousLive).isNull();
                assertThat(task.nextLive).isNull();
            }
            assertThat(live.isEmpty()).isTrue();
        }
    }
}

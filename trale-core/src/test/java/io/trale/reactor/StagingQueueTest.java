package io.trale.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.linux.Libc;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The queue of operations for the next enter, without a ring.
class StagingQueueTest {

    private final Reactor reactor = new Reactor(new Libc(), Limits.DEFAULT);
    private final StagingQueue queue = new StagingQueue();

    private List<TestOperation> inLine(int count) {
        List<TestOperation> operations = IntStream.range(0, count).mapToObj(i -> TestOperation.nop(reactor)).toList();
        operations.forEach(queue::add);
        return operations;
    }

    @Test
    void operationIsRemovedInConstantTime() {
        List<TestOperation> operations = inLine(5);
        operations.get(0).nextInLine = null; // a search from either end would fail
        operations.get(4).previousInLine = null;
        queue.remove(operations.get(2));
        assertThat(operations.get(1).nextInLine).isSameAs(operations.get(3));
        assertThat(operations.get(3).previousInLine).isSameAs(operations.get(1));
        assertThat(operations.get(2).line).isNull();
        assertThat(queue.size()).isEqualTo(4);
    }

    @Test
    void removalsKeepTheOrder() {
        List<TestOperation> operations = inLine(6);
        queue.remove(operations.get(0));
        queue.remove(operations.get(5));
        queue.remove(operations.get(3));
        queue.add(operations.get(0));
        List<Operation> order = new ArrayList<>();
        while (!queue.isEmpty()) {
            order.add(queue.next());
        }
        assertThat(order).containsExactly(operations.get(1), operations.get(2), operations.get(4), operations.get(0));
    }

    @Test
    void allMayBeRemovedDuringAVisit() {
        List<TestOperation> operations = inLine(3);
        List<Operation> visited = new ArrayList<>();
        queue.forEach(operation -> {
            visited.add(operation);
            queue.remove(operation);
        });
        assertThat(visited).containsExactlyElementsOf(operations);
        assertThat(queue.isEmpty()).isTrue();
    }
}

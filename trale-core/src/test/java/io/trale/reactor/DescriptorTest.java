package io.trale.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.trale.linux.Libc;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The list of operations in flight on a descriptor, without a ring.
class DescriptorTest {

    private final Reactor reactor = new Reactor(new Libc(), Limits.DEFAULT);
    private final Descriptor descriptor = new Descriptor(reactor, -1);

    private List<TestOperation> operations(int count) {
        return IntStream.range(0, count).mapToObj(i -> new TestOperation(descriptor, sqe -> { })).toList();
    }

    @Test
    void operationIsRemovedInConstantTime() {
        List<TestOperation> operations = operations(3);
        operations.forEach(descriptor::add);
        Operation last = operations.getFirst();
        Operation middle = operations.get(1);
        operations.getLast().nextOfDescriptor = null; // a search from the first would fail
        descriptor.remove(last);
        assertThat(middle.nextOfDescriptor).isNull();
        assertThat(last.previousOfDescriptor).isNull();
    }

    @Test
    void descriptorIsIdleOnceAllHaveEnded() {
        Random random = new Random(7);
        for (int round = 0; round < 100; round++) {
            Descriptor idle = new Descriptor(reactor, -1);
            List<TestOperation> operations = new ArrayList<>(operations(8));
            operations.forEach(idle::add);
            Collections.shuffle(operations, random);
            operations.forEach(idle::remove);
            assertThat(operations).allSatisfy(operation -> {
                assertThat(operation.previousOfDescriptor).isNull();
                assertThat(operation.nextOfDescriptor).isNull();
            });
            idle.close();
            assertThat(idle.isClosed()).as("no operation is left").isTrue();
        }
    }
}

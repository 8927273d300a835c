package io.trale.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trale.linux.Libc;
import io.trale.uring.Sqe;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// `user_data` refers to its operation until the operation ends, and never to another one; without a ring.
class SlotsTest {

    private final Slots slots = new Slots();
    private final Descriptor descriptor = new Descriptor(new Reactor(new Libc(), Limits.DEFAULT), -1);

    private Operation operation() {
        return new Operation(descriptor) {
            @Override
            protected void fill(Sqe sqe) {}

            @Override
            protected void complete(int result, int flags) {}
        };
    }

    @Test
    void operationIsFoundUntilItIsRemoved() {
        Operation operation = operation();
        long userData = slots.put(operation);
        assertThat(slots.get(userData)).isSameAs(operation);
        assertThat(slots.used()).isEqualTo(1);
        assertThat(slots.toArray()).containsExactly(operation);
        slots.remove(userData);
        assertThat(slots.get(userData)).isNull();
        assertThat(slots.used()).isZero();
        assertThat(slots.toArray()).isEmpty();
    }

    @Test
    void staleUserDataDoesNotFindTheSlotsNextUser() {
        long stale = slots.put(operation());
        slots.remove(stale);
        Operation next = operation();
        long userData = slots.put(next);
        assertThat((int) userData).as("the slot is reused at once").isEqualTo((int) stale);
        assertThat(userData).isNotEqualTo(stale);
        assertThat(slots.get(stale)).isNull();
        assertThat(slots.get(userData)).isSameAs(next);
    }

    @Test
    void userDataOfNoSlotFindsNothing() {
        slots.put(operation());
        assertThat(slots.get(-1)).as("cancels").isNull();
        assertThat(slots.get(63)).as("a free slot").isNull();
        assertThat(slots.get(64)).as("beyond the table").isNull();
        assertThat(slots.get(0x8000_0000L)).as("a negative slot").isNull();
        assertThat(slots.get(1L << 32)).as("a future generation").isNull();
    }

    @Test
    void everySlotIsUsedBeforeTheTableGrows() {
        for (int slot = 0; slot < 128; slot++) {
            assertThat(slots.put(operation())).as("generation 0, and the lowest free slot").isEqualTo(slot);
        }
    }

    @Test
    void growthKeepsTheOperations() {
        Map<Long, Operation> put = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            Operation operation = operation();
            assertThat(put.put(slots.put(operation), operation)).as("user_data used twice").isNull();
        }
        assertThat(slots.used()).isEqualTo(1000);
        assertThat(slots.toArray()).hasSize(1000);
        put.forEach((userData, operation) -> assertThat(slots.get(userData)).isSameAs(operation));
        put.keySet().forEach(slots::remove);
        assertThat(slots.used()).isZero();
        put.keySet().forEach(userData -> assertThat(slots.get(userData)).isNull());
    }

    @Test
    void userDataIsNeverUsedTwice() {
        Random random = new Random(7);
        Set<Long> given = new HashSet<>();
        ArrayDeque<Long> inUse = new ArrayDeque<>();
        for (int i = 0; i < 100_000; i++) {
            if (inUse.isEmpty() || random.nextInt(201) < 100 + (i / 10_000 % 2)) {
                long userData = slots.put(operation());
                assertThat(userData).isNotNegative();
                assertThat(given.add(userData)).isTrue();
                inUse.add(userData);
            } else {
                slots.remove(random.nextBoolean() ? inUse.pollFirst() : inUse.pollLast());
            }
        }
        assertThat(slots.used()).isEqualTo(inUse.size());
    }

    @Test
    void secondRemoveThrows() {
        long userData = slots.put(operation());
        slots.remove(userData);
        assertThatThrownBy(() -> slots.remove(userData)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void operationWithoutASlotIsNotSubmitted() throws Exception {
        Reactor reactor = new Reactor(new Libc(), Limits.DEFAULT);
        List<Throwable> faults = new ArrayList<>();
        reactor.setOwner(this, faults::add);
        reactor.bind();
        reactor.open();
        try {
            OutOfMemoryError failure = new OutOfMemoryError("for a test");
            Slots full = new Slots() {
                @Override
                long put(Operation operation) {
                    throw failure;
                }
            };
            Staging staging = new Staging(reactor);
            Operation nop = TestOperation.nop(reactor);
            nop.staged();
            staging.plain().add(nop);
            staging.writeTo(reactor.ring().submissions, full);
            assertThat(faults).containsExactly(failure);
            assertThat(staging.withdrawn()).isEqualTo(1);
            assertThat(staging.nextWithdrawn()).isSameAs(nop);
            reactor.turn(0);
            assertThat(reactor.counters().get(Counters.Count.UNKNOWN)).as("an entry without an operation").isZero();
        } finally {
            reactor.close(0);
            reactor.unbind();
        }
    }
}

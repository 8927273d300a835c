package io.trale.reactor;

import io.trale.linux.Memory;
import io.trale.uring.Ring;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// The pools of native memory of one ring. Each is created when it is first requested. Loop thread only.
public final class Pools {

    private final Reactor reactor;
    private final Ring ring;
    private final Arena arena;
    private final Limits limits;
    private final Staging staging;
    private final List<BufferGroup> groups = new ArrayList<>();
    private BufferGroup receiveGroup;
    private BufferGroup leaseGroup;
    private BlockPool sendBlocks;
    private BlockPool fileBlocks;
    private final ScratchPool scratch;
    private final ScratchPool paths;
    private final ScratchPool vectors;

    /// Pools in `arena`, which lives as long as `ring`. Their queues are added to `staging`.
    Pools(Reactor reactor, Ring ring, Arena arena, Limits limits, Staging staging) {
        this.reactor = reactor;
        this.ring = ring;
        this.arena = arena;
        this.limits = limits;
        this.staging = staging;
        scratch = new ScratchPool(reactor.memoryListener(), arena, ScratchPool.SMALL_BYTES);
        paths = new ScratchPool(reactor.memoryListener(), arena, ScratchPool.PATH_BYTES);
        vectors = new ScratchPool(reactor.memoryListener(), arena, ScratchPool.VECTOR_BYTES);
    }

    /// The default group of receive buffers: a buffer that is taken is given back within the same turn. Throws
    /// [IllegalStateException] if the kernel has no memory for it.
    public BufferGroup receiveGroup() {
        if (receiveGroup == null) {
            receiveGroup = openGroup(0, limits.receiveBuffers());
        }
        return receiveGroup;
    }

    /// The group of buffers that may be kept longer than a turn. If all are taken, only receives of this group wait. Throws as
    /// [#receiveGroup].
    public BufferGroup leaseGroup() {
        if (leaseGroup == null) {
            leaseGroup = openGroup(1, limits.leaseBuffers());
        }
        return leaseGroup;
    }

    private BufferGroup openGroup(int id, Limits.Pool size) {
        BufferGroup group = BufferGroup.open(reactor, ring, id, size.count(), size.bytes());
        groups.add(group);
        staging.addLast(group);
        return group;
    }

    /// The blocks that sends are copied into.
    public BlockPool sendBlocks() {
        if (sendBlocks == null) {
            sendBlocks = openBlocks(limits.sendBlocks());
        }
        return sendBlocks;
    }

    /// The blocks that files are read into and written from. Not shared with sends, since a pipe or a device may keep a block for
    /// an unlimited time.
    public BlockPool fileBlocks() {
        if (fileBlocks == null) {
            fileBlocks = openBlocks(limits.fileBlocks());
        }
        return fileBlocks;
    }

    private BlockPool openBlocks(Limits.Pool size) {
        BlockPool pool = new BlockPool(reactor,
                Memory.pieces(reactor.kernel(), arena, size.count(), size.bytes()), size.bytes());
        staging.addFirst(pool);
        return pool;
    }

    /// Memory for the arguments of operations.
    public ScratchPool scratch() {
        return scratch;
    }

    /// Memory for paths.
    public ScratchPool paths() {
        return paths;
    }

    /// Memory for message headers with many vectors, and for a path with an answer.
    public ScratchPool vectors() {
        return vectors;
    }

    /// Unregisters all buffer groups from the ring, on which nothing is in flight.
    void unregister() {
        groups.forEach(BufferGroup::unregister);
    }

    /// Frees all memory, since the ring is closed. Buffers that are taken are freed when they are given back.
    void close() {
        arena.close();
        groups.forEach(BufferGroup::close);
    }

    /// Leaves all memory to the kernel, since the ring was closed with operations in flight.
    void abandon() {
        groups.forEach(BufferGroup::abandon);
    }
}

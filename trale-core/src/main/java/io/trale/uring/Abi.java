package io.trale.uring;

/// Constants and offsets of `include/uapi/linux/io_uring.h`. Sizes and offsets are in bytes.
public final class Abi {

    // io_uring_setup(2)
    public static final int IORING_SETUP_CQSIZE = 1 << 3;
    public static final int IORING_SETUP_CLAMP = 1 << 4;
    public static final int IORING_SETUP_SUBMIT_ALL = 1 << 7;
    public static final int IORING_SETUP_COOP_TASKRUN = 1 << 8;
    public static final int IORING_SETUP_TASKRUN_FLAG = 1 << 9;
    public static final int IORING_SETUP_SINGLE_ISSUER = 1 << 12;
    public static final int IORING_SETUP_DEFER_TASKRUN = 1 << 13;
    public static final int IORING_SETUP_NO_SQARRAY = 1 << 16;

    static final int IORING_FEAT_SINGLE_MMAP = 1;
    static final int IORING_FEAT_NODROP = 1 << 1;
    static final int IORING_FEAT_SUBMIT_STABLE = 1 << 2;
    static final int IORING_FEAT_EXT_ARG = 1 << 8;

    // struct io_uring_params
    public static final int PARAMS_BYTES = 120;
    public static final int PARAMS_SQ_ENTRIES = 0;
    public static final int PARAMS_CQ_ENTRIES = 4;
    public static final int PARAMS_FLAGS = 8;
    public static final int PARAMS_FEATURES = 20;
    public static final int PARAMS_SQ_HEAD = 40;
    public static final int PARAMS_SQ_TAIL = 44;
    public static final int PARAMS_SQ_RING_MASK = 48;
    public static final int PARAMS_SQ_FLAGS = 56;
    public static final int PARAMS_SQ_ARRAY = 64;
    public static final int PARAMS_CQ_HEAD = 80;
    public static final int PARAMS_CQ_TAIL = 84;
    public static final int PARAMS_CQ_RING_MASK = 88;
    public static final int PARAMS_CQ_OVERFLOW = 96;
    public static final int PARAMS_CQES = 100;

    // offsets of mmap(2)
    public static final long IORING_OFF_SQ_RING = 0;
    public static final long IORING_OFF_SQES = 0x10000000L;

    // sq_flags: the kernel sets them in the submission ring
    public static final int IORING_SQ_CQ_OVERFLOW = 1 << 1;
    public static final int IORING_SQ_TASKRUN = 1 << 2;

    // io_uring_enter(2)
    public static final int IORING_ENTER_GETEVENTS = 1;
    public static final int IORING_ENTER_EXT_ARG = 1 << 3;
    public static final int IORING_ENTER_REGISTERED_RING = 1 << 4;

    // io_uring_register(2)
    public static final int IORING_REGISTER_PROBE = 8;
    public static final int IORING_REGISTER_RING_FDS = 20;
    public static final int IORING_UNREGISTER_RING_FDS = 21;
    public static final int IORING_REGISTER_PBUF_RING = 22;
    public static final int IORING_UNREGISTER_PBUF_RING = 23;

    // struct io_uring_rsrc_update
    static final int RSRC_UPDATE_BYTES = 16;

    // struct io_uring_probe, followed by one struct io_uring_probe_op for each operation
    static final int PROBE_BYTES = 16;
    static final int PROBE_MAX_OPS = 256;
    static final int PROBE_OP_BYTES = 8;
    static final int PROBE_OP_FLAGS = 2;
    static final int IO_URING_OP_SUPPORTED = 1;

    // struct io_uring_buf_reg
    public static final int BUF_REG_BYTES = 40;
    public static final int BUF_REG_ADDRESS = 0;
    public static final int BUF_REG_ENTRIES = 8;
    public static final int BUF_REG_GROUP = 12;

    // struct io_uring_buf; the tail of the ring overlays the reserved field of entry 0
    public static final int BUF_BYTES = 16;
    public static final int BUF_ADDRESS = 0;
    public static final int BUF_LENGTH = 8;
    public static final int BUF_ID = 12;
    public static final int BUF_RING_TAIL = 14;

    // struct io_uring_sqe
    public static final int SQE_BYTES = 64;
    public static final int IOSQE_ASYNC = 1 << 4;
    public static final int IOSQE_BUFFER_SELECT = 1 << 5;

    // struct io_uring_cqe
    public static final int CQE_BYTES = 16;
    public static final int IORING_CQE_F_BUFFER = 1;
    public static final int IORING_CQE_F_MORE = 1 << 1;
    public static final int IORING_CQE_F_SOCK_NONEMPTY = 1 << 2;
    public static final int IORING_CQE_BUFFER_SHIFT = 16;

    public static final int IORING_POLL_ADD_MULTI = 1;

    private Abi() {}
}

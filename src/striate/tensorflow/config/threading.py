"""Numbers of threads (tf.config.threading): without effect on results, which never depend on them.

The engine takes as many as the processor has cores, or as the environment's STRIATE_NUM_THREADS says.
"""

from __future__ import annotations

from striate.tensorflow._absent import absent

__all__ = [
    "get_inter_op_parallelism_threads", "get_intra_op_parallelism_threads", "set_inter_op_parallelism_threads",
    "set_intra_op_parallelism_threads",
]  # fmt: skip

__getattr__ = absent(__name__)


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Without effect; set STRIATE_NUM_THREADS in the environment."""


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Without effect; set STRIATE_NUM_THREADS in the environment."""


def get_intra_op_parallelism_threads() -> int:
    """0: as many as the processor has cores."""
    return 0


def get_inter_op_parallelism_threads() -> int:
    """0: as many as the processor has cores."""
    return 0

"""What holds from now on: where channels lie, whether progress is shown. Keras's other settings have one value here."""

from __future__ import annotations

from striate.errors import StriateError

EPSILON = 1e-7  # what losses, metrics and constraints add where they would divide by zero
FORMATS = ("channels_last", "channels_first")
_data_format = FORMATS[0]
_interactive = True


def image_data_format() -> str:
    """Where the channels are for layers that are not told: "channels_last" or "channels_first"."""
    return _data_format


def set_image_data_format(data_format: str) -> None:
    """Set where the channels are for layers that are made from now on without a data_format.

    Raises:
        StriateError: something else than "channels_last" and "channels_first".
    """
    global _data_format
    if data_format not in FORMATS:
        raise StriateError(f'image_data_format: got {data_format!r}, expected "channels_last" or "channels_first"')
    _data_format = data_format


def enable_interactive_logging() -> None:
    """Show progress of `fit`, `evaluate` and `predict`, and of `Progbar`, as they are told to."""
    global _interactive
    _interactive = True


def disable_interactive_logging() -> None:
    """Show no progress, whatever `verbose` says."""
    global _interactive
    _interactive = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress is shown."""
    return _interactive

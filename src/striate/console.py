"""Text for consoles that cannot print all of Unicode."""

from __future__ import annotations

from typing import TextIO

_ASCII = str.maketrans(
    {**dict.fromkeys("┏┳┓┡╇┩├┼┤└┴┘", "+"), "━": "=", "╺": "-", "─": "-", "┃": "|", "│": "|", "…": "~"}
)


def never_fail(stream: TextIO) -> None:
    """Have a stream whose encoding is not all of Unicode print ? for what it lacks, in place of an error."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    if not encoding.startswith("utf") and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")


def printable(text: str, stream: TextIO) -> str:
    """The text itself where the stream's encoding has all of it; else with boxes in ASCII and ? for what remains."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    return text

"""The command line: `striate demo`, `train`, `predict`, `summary`, `networks`, `search`, `run`.

Exit codes: 0; 2 for what the user can mend, said in one line; 1 for a fault of ours, with its traceback; 130 for
Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from striate.console import never_fail
from striate.errors import StriateError

MENDABLE, INTERRUPTED, BROKEN_PIPE = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (sys.argv without one) and return its exit code; faults of ours are raised."""
    from striate.cli.application import run

    never_fail(sys.stdout)
    try:
        return run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return _say("stopped", INTERRUPTED)
    except StriateError as error:
        return _say(str(error), MENDABLE)
    except BrokenPipeError:  # `striate summary m.keras | head`: nobody reads on, which is nobody's fault
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        if error.filename is None:
            raise
        return _say(f"{error.filename}: {error.strerror}", MENDABLE)


def _say(message: str, code: int) -> int:
    """One line on standard error, whatever the message holds."""
    print(f"striate: {' '.join(message.split())}", file=sys.stderr)
    return code

"""Where a run begins, as `litxdb` or as `python -m litxdb`."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line; Ctrl-C while it is still being loaded is no traceback either."""
    gc.set_threshold(100_000)  # nothing that is imported is garbage: looking for it is a twentieth of a quick command
    try:
        from litxdb.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())

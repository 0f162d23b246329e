"""Runs litxdb as `python -m litxdb`."""

import sys

from litxdb.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""Runs litxdb as `python -m litxdb`."""

import sys

from litxdb.cli import main

sys.exit(main())

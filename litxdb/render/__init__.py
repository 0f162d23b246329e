"""All output: tables, JSON and CSV on stdout, everything else on stderr; the only importer of rich.

Every text passes through `redact`. Control characters are shown as escapes, so that a value from the database can
neither colour the screen nor move the cursor.
"""

from litxdb.render.answers import Column, Form, cell, facts, json, record, rows, statement
from litxdb.render.progress import Progress, spinner, step
from litxdb.render.streams import clear, copy, failure, line, note, printable, show_log, styled, width
from litxdb.render.wording import age, count, duration, elapsed, mark, number, seconds, share, size, spark

__all__ = [
    "Column",
    "Form",
    "Progress",
    "age",
    "cell",
    "clear",
    "copy",
    "count",
    "duration",
    "elapsed",
    "facts",
    "failure",
    "json",
    "line",
    "mark",
    "note",
    "number",
    "printable",
    "record",
    "rows",
    "seconds",
    "share",
    "show_log",
    "size",
    "spark",
    "spinner",
    "statement",
    "step",
    "styled",
    "width",
]

"""Where output goes: stdout, stderr, a terminal or a pipe, and whoever no longer listens."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, TextIO

from litxdb.errors import AnswerLost, LitxdbError
from litxdb.redaction import redact

if TYPE_CHECKING:
    from rich.console import Console

UNLIMITED = 32_000
"""Columns of a console that is no terminal."""


def note(text: str) -> None:
    """Write a line for the person beside the answer, on stderr."""
    write(sys.stderr, text)


def line(text: str = "") -> bool:
    """Write a line of the answer, on stdout, exactly as it is; False once nobody reads it any more."""
    return write(sys.stdout, text)


def copy(file: BinaryIO) -> bool:
    """Write a file's bytes as the answer, on stdout, unchanged; returns what `line` does."""
    if sys.stdout is None:
        return False
    try:
        sys.stdout.flush()
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except OSError as error:
        return lost(sys.stdout, error)
    return True


def clear() -> None:
    """Begin the screen anew, where the answer goes to a terminal."""
    if is_terminal(sys.stdout):
        write(sys.stdout, "\x1b[H\x1b[2J", end="")


def styled(*parts: tuple[str, str]) -> None:
    """Write a line of the answer, each part in its style on a terminal; never broken or cut: it may be pasted."""
    write_styled(sys.stdout, *parts)


def width() -> int | None:
    """Return the columns of the terminal that the answer goes to; None for a pipe, which has no width."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else None


def failure(error: LitxdbError) -> None:
    """Say what happened and what to do next, on stderr."""
    write_styled(sys.stderr, ("error: ", "bold red"), (error.message, ""))
    if error.hint:
        write_styled(sys.stderr, ("  hint: ", "bold"), (error.hint, ""))


def show_log() -> Callable[[], None]:
    """Write the library's log, SQL included, to stderr; returns what ends that."""
    import logging

    class Redacting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(Redacting("%(name)s  %(message)s"))
    logger = logging.getLogger("litxdb")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)

    def hide() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    return hide


def printable(text: str) -> str:
    r"""Show control characters as escapes.

    >>> printable("a\x1b[31m\nb")
    'a\\x1b[31m\\nb'
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def write_styled(stream: TextIO | None, *parts: tuple[str, str]) -> None:
    """Write one line, styled on a terminal; a pipe is spared the 60 ms that it takes to import rich."""
    shown = [(printable(redact(text)), style) for text, style in parts]
    if is_terminal(stream):
        from rich.text import Text

        console(stream).print(Text.assemble(*shown), soft_wrap=True)
    else:
        write(stream, "".join(text for text, _ in shown).rstrip())


def console(stream: TextIO | None) -> Console:
    """Return what draws on a stream; a pipe has no width, and nothing is cut in one."""
    from rich.console import Console

    return Console(file=stream, width=None if is_terminal(stream) else UNLIMITED, highlight=False, markup=False)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person looks at this stream."""
    return stream is not None and stream.isatty()


def write(stream: TextIO | None, text: str, end: str = "\n") -> bool:
    """Write a line; whoever does not listen must not stop the work: a migration goes on without its progress."""
    if stream is None:  # closed by the shell: litxdb ping >&-
        return False
    try:
        stream.write(redact(text) + end)
        stream.flush()
    except OSError as error:
        return lost(stream, error)
    return True


def lost(stream: TextIO, error: OSError) -> Literal[False]:
    """Write no more; that a reader had enough is no failure, the exit code still tells the truth."""
    _silence(stream)
    if stream is sys.stdout and not isinstance(error, BrokenPipeError):
        raise AnswerLost(f"The answer could not be written: {error.strerror}.", "Free space there.") from error
    return False


def _silence(stream: TextIO) -> None:
    """Send what is still to come, the interpreter's last flush included, nowhere."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())

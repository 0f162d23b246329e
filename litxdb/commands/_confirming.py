"""Asking before something is destroyed: the effect is shown first, and silence is a no."""

from __future__ import annotations

import sys

import typer

from litxdb import render
from litxdb.errors import Refused


def confirm(effect: str, *, yes: bool, word: str | None = None) -> None:
    """Show the effect and go on only with consent: --yes, or the answer yes, or in production the `word` typed.

    Raises Refused when nobody can be asked, or the answer is no.
    """
    render.note(effect)
    if yes:
        return
    if not somebody():
        raise Refused("Nobody is there to confirm this.", "Add --yes if it is meant.")
    try:
        agreed = _ask(word)
    except typer.Abort:  # Ctrl-D
        agreed = False
    if not agreed:
        raise Refused("Not confirmed: nothing was changed.")


def somebody() -> bool:
    """Tell whether a person is there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def agreed(question: str) -> bool:
    """Ask a person who is there; no answer is a no."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:  # Ctrl-D
        return False


def _ask(word: str | None) -> bool:
    if word is None:
        return typer.confirm("Continue?", err=True)
    typed = typer.prompt(f"This is production. Type {word} to continue", default="", show_default=False, err=True)
    return bool(typed == word)

"""The commands as the app knows them before any is called: a name, and help read from the file it is in.

Importing every module of commands/ to run one of them would be a third of what a quick command takes.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperCommand

FOLDER = Path(__file__).parent


class OnDemand(TyperCommand):
    """A command whose module is imported when it is called, completed, or asked for its help."""

    def load(self) -> Any:
        """Return the command, or the group, that stands in the module."""
        assert self.name
        app = typer.Typer(add_completion=False)
        add(app, import_module(f"litxdb.commands.{_stem(self.name)}"))
        (command,) = typer.main.get_group(app).commands.values()
        return command

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self.load().make_context(info_name, args, parent=parent, **extra)


def declare(app: typer.Typer, name: str, panel: str) -> None:
    """Register litxdb/commands/NAME.py, or the package NAME, without importing it."""
    app.command(name, cls=OnDemand, help=_docstring(_stem(name)), rich_help_panel=panel)(lambda: None)


def add(group: typer.Typer, module: ModuleType) -> None:
    """Register a module: its name, its docstring as help, its command() or its COMMANDS."""
    name = module.__name__.rpartition(".")[2].replace("_", "-")
    if hasattr(module, "COMMANDS"):
        inner = typer.Typer(no_args_is_help=True, add_completion=False)
        for member in module.COMMANDS:
            add(inner, member)
        group.add_typer(inner, name=name, help=_reflowed(module.__doc__))
    else:
        group.command(name, help=_reflowed(module.__doc__))(module.command)


def _stem(name: str) -> str:
    return name.replace("-", "_")


def _docstring(stem: str) -> str:
    file = FOLDER / f"{stem}.py"
    if not file.is_file():
        file = FOLDER / stem / "__init__.py"
    return _reflowed(file.read_text(encoding="utf-8").split('"""', 2)[1])


def _reflowed(docstring: str | None) -> str:
    """Make a line of each paragraph: a terminal has another width than the source."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in (docstring or "").strip().split("\n\n"))

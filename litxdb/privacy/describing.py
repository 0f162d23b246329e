"""What explains an export to a program: the schema of its rows, and how results are written as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from litxdb.ownership import Ownership
from litxdb.privacy.results import File


def described(ownership: Ownership, files: Iterable[File]) -> dict[str, Any]:
    """Describe the rows of each file: its table's columns, key and references."""
    return {each.name: _table(ownership, each.table) for each in files}


def _table(ownership: Ownership, name: str) -> dict[str, Any]:
    table = ownership.schema.tables[name]
    references, parsed = ownership.schema.out_of[name], ownership.json_columns(name)
    return {
        "table": name,
        "comment": table.comment,
        "key": table.key,
        "columns": [
            {"name": each.name, "type": each.type, "comment": each.comment, "json": each.name in parsed}
            for each in table.columns
        ],
        "references": [
            {"columns": each.columns, "table": each.target, "its_columns": each.target_columns} for each in references
        ],
    }


def as_json(result: Any) -> str:
    """Write a result as JSON, times as ISO 8601."""
    plain = dataclasses.asdict(result) if dataclasses.is_dataclass(result) and not isinstance(result, type) else result
    return json.dumps(plain, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

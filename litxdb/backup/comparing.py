"""Comparing a restored database with what the backup says: each difference by name, and what comparing cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from litxdb.backup.manifest import Contents, LargeObjects, Manifest, SequenceState, TableContent
from litxdb.backup.results import Difference

NEUTRAL = {"C", "POSIX", "C.UTF-8", "C.utf8"}
"""Collations by which text sorts by its bytes."""


def comparable(expected: Contents, found: Contents) -> bool:
    """Tell whether rows were hashed in the same way, so that equal fingerprints mean equal rows."""
    return (expected.method, expected.probe) == (found.method, found.probe)


def differences(expected: Contents, found: Contents) -> tuple[Difference, ...]:
    """List all that a restored database has other than the backup, in the order of what matters most.

    Versions of extensions and further extensions are the server's affair, see caveats. Where fingerprints do not
    compare, rows and large objects are only counted.
    """
    hashed = comparable(expected, found)
    return (
        *_tables(expected.tables, found.tables, hashed=hashed),
        *_large_objects(expected.large_objects, found.large_objects, hashed=hashed),
        *_sequences(expected.schema.sequences, found.schema.sequences),
        *_revisions(expected, found),
        *_extensions(expected, found),
        *_objects(expected.schema.objects, found.schema.objects),
    )


def caveats(manifest: Manifest, found: Contents, server_version: int, *, scratch: bool) -> tuple[str, ...]:
    """Say what equal contents leave open; `scratch` for a server that is not the one they will be used on."""
    source, theirs, ours = manifest.source, manifest.source.server_version // 10000, server_version // 10000
    said: list[str] = []
    if scratch and theirs != ours:
        said.append(f"it was restored on PostgreSQL {ours}, and the backup is of {theirs}")
    versions = {each.name: each.version for each in found.schema.extensions}
    for each in manifest.contents.schema.extensions:
        if (version := versions.get(each.name)) and version != each.version:
            said.append(
                f"the extension {each.name} is {version} here and {each.version} there: it may behave otherwise"
            )
    if scratch and (source.provider != "libc" or source.collation not in NEUTRAL):
        order = source.locale or source.collation
        said.append(f"text sorts by its bytes here and by {order} ({source.provider}) there")
    return tuple(said)


def _tables(expected: Iterable[TableContent], found: Iterable[TableContent], *, hashed: bool) -> Iterator[Difference]:
    there = {(table.schema, table.name): table for table in found}
    for table in expected:
        name = f"{table.schema}.{table.name}"
        other = there.pop((table.schema, table.name), None)
        if other is None:
            yield Difference("table", name, _rows(table.rows), "missing")
        elif other.rows != table.rows:
            yield Difference("table", name, _rows(table.rows), _rows(other.rows))
        elif hashed and other.fingerprint != table.fingerprint:
            yield Difference("table", name, f"{_rows(table.rows)}, fingerprint {table.fingerprint}",
                             f"as many with other values, fingerprint {other.fingerprint}")  # fmt: skip
    for table in there.values():
        yield Difference("table", f"{table.schema}.{table.name}", "missing", _rows(table.rows))


def _large_objects(expected: LargeObjects, found: LargeObjects, *, hashed: bool) -> Iterator[Difference]:
    if expected.count != found.count:
        yield Difference("large objects", "all", str(expected.count), str(found.count))
    elif hashed and expected != found:
        yield Difference(
            "large objects", "all", f"fingerprint {expected.fingerprint}", f"fingerprint {found.fingerprint}"
        )


def _sequences(expected: Iterable[SequenceState], found: Iterable[SequenceState]) -> Iterator[Difference]:
    """Sequences may be further on, as they know no snapshot, but never behind: numbers would be given out twice."""
    there = {(each.schema, each.name): each for each in found}
    for each in expected:
        other = there.pop((each.schema, each.name), None)
        name = f"{each.schema}.{each.name}"
        if other is None:
            yield Difference("sequence", name, f"next {_next(each)}", "missing")
        elif (_next(other) - _next(each)) * each.increment < 0:
            yield Difference("sequence", name, f"next {_next(each)} or further", f"next {_next(other)}")
    for other in there.values():
        yield Difference("sequence", f"{other.schema}.{other.name}", "missing", f"next {_next(other)}")


def _revisions(expected: Contents, found: Contents) -> Iterator[Difference]:
    one, other = expected.schema.revisions, found.schema.revisions
    if one != other:
        yield Difference("revision", "Alembic's", ", ".join(one) or "none", ", ".join(other) or "none")


def _extensions(expected: Contents, found: Contents) -> Iterator[Difference]:
    there = {each.name: each for each in found.schema.extensions}
    for each in expected.schema.extensions:
        if each.name not in there:
            yield Difference("extension", each.name, each.version, "missing")


def _objects(expected: Mapping[str, tuple[str, ...]], found: Mapping[str, tuple[str, ...]]) -> Iterator[Difference]:
    """Compare names by kind; indexes and constraints are there only if they are valid. Sequences are above."""
    for kind in sorted((expected.keys() | found.keys()) - {"sequence"}):
        one, other = set(expected.get(kind, ())), set(found.get(kind, ()))
        tables = kind == "table"  # those with rows of their own are above
        valid = "valid" if kind in {"index", "constraint"} else "there"
        yield from (Difference("table's definition" if tables else kind, name, valid, "missing or not valid"
                               if valid == "valid" else "missing") for name in sorted(one - other))  # fmt: skip
        yield from (Difference("table's definition" if tables else kind, name, "missing", "there")
                    for name in sorted(other - one))  # fmt: skip


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def _next(sequence: SequenceState) -> int:
    """Return the number that it gives out next.

    >>> _next(SequenceState("s", "n", 5, True, -2)), _next(SequenceState("s", "n", 5, False, 1))
    (3, 5)
    """
    return sequence.last_value + (sequence.increment if sequence.is_called else 0)

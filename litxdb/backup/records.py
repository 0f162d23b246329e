"""Manifests, proofs and attempts as JSON files that say themselves whether they are whole.

A file is {"litxdb": KIND, "format": 1, "sha256": "…", "content": {…}}; the checksum is that of the content, written
compactly with its keys in order.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import TypeVar

from litxdb.backup.manifest import Manifest
from litxdb.backup.naming import Kind, attempt_file, manifest_file, proof_file
from litxdb.backup.results import Attempt, Proof
from litxdb.backup.store import Store
from litxdb.errors import BackupDamaged

FORMAT = 1
LARGEST = 256 << 20
"""Bytes of a record that are read at most; a manifest of 100,000 tables has 20 MB."""

Record = TypeVar("Record", Manifest, Proof, Attempt)
KINDS: dict[type, Kind] = {Manifest: Kind.manifest, Proof: Kind.proof, Attempt: Kind.attempt}


def encode(record: Manifest | Proof | Attempt) -> bytes:
    """Write a record as the content of its file."""
    import msgspec

    content = msgspec.to_builtins(record)
    kind = KINDS[type(record)]
    envelope = {"litxdb": kind, "format": FORMAT, "sha256": _checksum(content), "content": content}
    return json.dumps(envelope, indent=1, ensure_ascii=False).encode() + b"\n"


def decode(text: bytes, kind: type[Record], file: str) -> Record:
    """Read a record back. Raises BackupDamaged, naming `file`, unless every byte is as it was written."""
    import msgspec

    try:
        envelope = json.loads(text)
        content, said = envelope["content"], envelope["sha256"]
        found, number = envelope["litxdb"], int(envelope["format"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BackupDamaged(f"{file} is no record of litxdb's, or cut short.", "Restore another backup.") from None
    if number > FORMAT:
        raise BackupDamaged(f"{file} was written by a newer litxdb (format {number}).", "Upgrade litxdb.")
    if found != KINDS[kind] or said != _checksum(content):
        raise BackupDamaged(f"{file} was changed after it was written: its checksum does not fit.", "Restore another.")
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise BackupDamaged(f"{file} cannot be understood: {error}.", "Upgrade litxdb.") from None


def read(store: Store, file: str, kind: type[Record]) -> Record:
    """Read a record from a store. Raises BackupDamaged, and FileNotFoundError."""
    with contextlib.closing(store.open(file)) as reading:
        return decode(reading.read(LARGEST), kind, file)


def write_manifest(store: Store, manifest: Manifest) -> None:
    """Make it a backup. Its archive must be there, whole."""
    with store.create(manifest_file(manifest.name)) as writing:
        writing.write(encode(manifest))


def write_proof(store: Store, proof: Proof, token: str) -> None:
    """Put a proof beside the backup; `token` are six hexadecimal digits of chance."""
    with store.create(proof_file(proof.backup, proof.at, token)) as writing:
        writing.write(encode(proof))


def write_attempt(store: Store, attempt: Attempt) -> None:
    """Record that a run has begun, or, over that, why it failed."""
    store.replace(attempt_file(attempt.backup), encode(attempt))


def _checksum(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

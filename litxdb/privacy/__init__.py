"""A person's data: out of the database whole, or gone from it, with the proof that nothing was missed.

    with Database(url) as db:
        asked = Request("ada@example.org", litxplore())
        export(db, asked, Path("ada.zip")).manifest.proof.complete
        preview(db, asked).changes                              # what erasing would do
        erase(db, asked, key=ledger_key(db.settings), beside=store)
        replay(restored, read_ledger(store), ledger_key(settings), policy=litxplore())

`litxdb.ownership` says which rows those are; docs/privacy.md what an export and an erasure look like.
"""

from litxdb.privacy.certificates import Promised, settle
from litxdb.privacy.describing import as_json
from litxdb.privacy.erase import erase, preview
from litxdb.privacy.export import Form, Progress, Request, export
from litxdb.privacy.ledger import key as ledger_key
from litxdb.privacy.ledger import read as read_ledger
from litxdb.privacy.ledger import require as require_key
from litxdb.privacy.replay import known_erasures, replay
from litxdb.privacy.results import (
    Certificate,
    Change,
    Entry,
    Export,
    File,
    Holding,
    Manifest,
    Mention,
    Person,
    Plan,
    Proof,
    Treatment,
)
from litxdb.privacy.writing import passing_file

__all__ = [
    "Certificate",
    "Change",
    "Entry",
    "Export",
    "File",
    "Form",
    "Holding",
    "Manifest",
    "Mention",
    "Person",
    "Plan",
    "Progress",
    "Promised",
    "Proof",
    "Request",
    "Treatment",
    "as_json",
    "erase",
    "export",
    "known_erasures",
    "ledger_key",
    "passing_file",
    "preview",
    "read_ledger",
    "replay",
    "require_key",
    "settle",
]

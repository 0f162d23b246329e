"""A person's data: out of the database whole, or gone from it, with the proof that nothing was missed.

    with Database(url) as db:
        export(db, Request("ada@example.org", litxplore()), Path("ada.zip")).manifest.proof.complete

`litxdb.ownership` says which rows those are; docs/privacy.md what an export looks like.
"""

from litxdb.privacy.export import Form, Progress, Request, export
from litxdb.privacy.results import Export, File, Manifest, Mention, Person, Proof, Treatment

__all__ = [
    "Export",
    "File",
    "Form",
    "Manifest",
    "Mention",
    "Person",
    "Progress",
    "Proof",
    "Request",
    "Treatment",
    "export",
]

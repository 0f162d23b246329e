"""Write docs/runbook.md anew. Run it with: make runbook."""

from __future__ import annotations

from pathlib import Path

from litxdb.doctor.runbook import book

if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(book(), encoding="utf-8")

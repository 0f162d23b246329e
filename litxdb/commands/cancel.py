"""Cancel what a session is doing, after showing whose it is; its transaction stays open.

Example: litxdb cancel 4711
"""

from __future__ import annotations

from litxdb.commands._ending import Pid, end_session
from litxdb.commands._options import DryRun, Format, Url, Yes
from litxdb.render import Form


def command(pid: Pid, url: Url = None, yes: Yes = False, dry_run: DryRun = False, form: Format = Form.table) -> None:
    end_session(pid, "cancel", url, yes=yes, dry_run=dry_run, form=form)

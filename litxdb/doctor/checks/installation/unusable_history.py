"""What the database was like before cannot be read

litxdb keeps snapshots of counters and sizes in a small file of this machine, from which growth, rates and regressions
are told although a server forgets its statistics. A file that is damaged, or that this user may not read, is left as it
is: nothing is added, and what is judged by it is skipped. Moved away, a new history begins.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from litxdb.snapshots import History

CHECK = Declaration(threshold="a file that cannot be read warn", remedy="mv …", fix=Fix.MANUAL, lock="none")


def judge(*, history: History) -> Judgement:
    if history.trouble is None:
        return Judgement(len(history), detail="" if history else "There is no snapshot yet.", remedy="litxdb snapshot")
    file = shlex.quote(str(history.file))
    defect = Defect(Status.WARN, str(history.file), history.trouble.message, f"mv {file} {file}.bad")
    return Judgement(1, (defect,))

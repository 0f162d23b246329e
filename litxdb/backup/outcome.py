"""How a run ended, for those who only hear of it: a record in the store, a monitor, a metric."""

from __future__ import annotations

from litxdb.database.refusals import refusal
from litxdb.errors import Exit, Interrupted, LitxdbError, Terminated
from litxdb.redaction import redact


def reason(error: BaseException) -> str:
    """Say in a sentence why it failed, without secrets.

    >>> reason(LitxdbError("No room for password=secret.")), reason(Terminated())
    ('No room for password=***', 'terminated')
    """
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return "interrupted"
    if isinstance(error, Terminated):
        return "terminated"
    problem = _problem(error)
    return redact(problem.message if problem else f"{type(error).__name__}: {error}")


def exit_code(error: BaseException | None) -> Exit:
    """Return what the process will end with, as main() does.

    >>> exit_code(None).name, exit_code(ZeroDivisionError()).name
    ('DONE', 'BUG')
    """
    if error is None:
        return Exit.DONE
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return Exit.INTERRUPTED
    if isinstance(error, Terminated):
        return Exit.TERMINATED
    problem = _problem(error)
    return problem.code if problem else Exit.BUG


def _problem(error: BaseException) -> LitxdbError | None:
    return error if isinstance(error, LitxdbError) else refusal(error)

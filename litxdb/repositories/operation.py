"""What every method of a repository has in common: one body for threads and coroutines, timed, logged and traced."""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, TypeVar, overload

from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from litxdb.database.refusals import refusal, sqlstate
from litxdb.database.units import explained
from litxdb.errors import AlreadyExists, ArgumentInvalid, LitxdbError, NotFound, ServerRefused, ValueRefused

if TYPE_CHECKING:  # not without greenlet, which the extra has
    from sqlalchemy.ext.asyncio import AsyncSession

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Session | AsyncSession")
"""The kind of session that a repository works with: whether its methods are awaited."""

SLOW_MILLISECONDS = 500.0
"""What takes longer is a warning: the product alerts at 500 ms."""

UNIQUE_VIOLATION, FOREIGN_KEY_VIOLATION = "23505", "23503"
VALUE_REFUSED = ("22", "23502", "23514", "54000")
"""How the SQLSTATE begins: data exceptions, what must not be null, a check, and more words than an index takes."""

logger = logging.getLogger("litxdb.repositories")
logger.addHandler(logging.NullHandler())  # whoever has set up no logging sees none, not the warnings alone


class Repository(Generic[S]):
    """Something that works on one session; made with an AsyncSession, its methods are coroutines.

    `name` is how the log calls it, as its users reach it.
    """

    name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__dict__.get("name", cls.__name__.lower())

    def __init__(self, session: S) -> None:
        self._asynchronous: AsyncSession | None = None if isinstance(session, Session) else session
        self._session: Session = session if isinstance(session, Session) else session.sync_session


class operation(Generic[P, R]):
    """A method of a repository: a body that runs as it is on a Session, and within a greenlet on an AsyncSession."""

    def __init__(self, body: Callable[Concatenate[Any, P], R]) -> None:
        self.__doc__ = body.__doc__
        self._body = body
        self.name = body.__name__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> operation[P, R]: ...
    @overload
    def __get__(self, instance: Repository[Session], owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, instance: Repository[AsyncSession], owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        """Bind the method to its repository."""
        return self if instance is None else functools.partial(self._call, instance)

    def _call(self, instance: Repository[Any], /, *args: Any, **kwargs: Any) -> Any:
        if instance._asynchronous is not None:
            return instance._asynchronous.run_sync(lambda _: self._run(instance, *args, **kwargs))
        return self._run(instance, *args, **kwargs)

    def _run(self, instance: Repository[Any], /, *args: Any, **kwargs: Any) -> R:
        """Run the body; SQLAlchemy's and the driver's exceptions become litxdb's own."""
        name, start = f"{instance.name}.{self.name}", time.perf_counter()
        try:
            with _span(name):
                result = self._body(instance, *args, **kwargs)
        except BaseException as error:
            problem = _named(error, instance._session)
            _log(name, start, problem or error, sqlstate(error))
            if problem is None or problem is error:
                raise
            raise problem from error
        _log(name, start)
        return result


def _log(name: str, start: float, failure: BaseException | None = None, state: str | None = None) -> None:
    """Log an operation with its milliseconds and its outcome, never with its values."""
    milliseconds = (time.perf_counter() - start) * 1000
    level = logging.WARNING if milliseconds > SLOW_MILLISECONDS else logging.INFO
    if logger.isEnabledFor(level):
        outcome = type(failure).__name__ if failure else "done"
        fields = {"operation": name, "milliseconds": round(milliseconds, 3), "outcome": outcome, "sqlstate": state}
        logger.log(level, "%s %s in %.1f ms", name, outcome, milliseconds, extra=fields)


def _named(error: BaseException, session: Session) -> LitxdbError | None:
    """Return litxdb's own exception for one of SQLAlchemy's or the driver's; None for any other."""
    if isinstance(error, LitxdbError):
        return error
    if isinstance(error, Exception) and (problem := explained(error, session.info)):
        return problem
    if isinstance(error, UnicodeError) or (sqlstate(error) is None and "NUL (0x00)" in str(error)):  # either driver's
        text = "A text holds a character that PostgreSQL cannot store (NUL, or half of a surrogate pair)."
        return ArgumentInvalid(text, "Take it out of the text.")
    problem, state = refusal(error), sqlstate(error)
    unsent = isinstance(error, StatementError) and problem is None
    if state is None and (unsent or isinstance(problem, ServerRefused)):
        return ArgumentInvalid("A value is not of its column's type.", "Look at the method's types.")
    if isinstance(problem, ServerRefused) and state == UNIQUE_VIOLATION:
        return AlreadyExists(
            f"{diagnosis(error, 'table_name')} has such a row already ({diagnosis(error, 'constraint_name')}).",
            "Update that row, or give another key.",
        )
    if isinstance(problem, ServerRefused) and state == FOREIGN_KEY_VIOLATION:
        return NotFound(
            f"A row of {diagnosis(error, 'table_name')} refers to one that is not there "
            f"({diagnosis(error, 'constraint_name')}).",
            "Create that first, or give the key of one that is there.",
        )
    if isinstance(problem, ServerRefused) and str(state).startswith(VALUE_REFUSED):
        return ValueRefused(problem.message, "Look at what the method takes.")
    return problem


def diagnosis(error: BaseException, name: str) -> str:
    """Return what the server says of an error: table_name, constraint_name…; never a value."""
    return str(getattr(getattr(getattr(error, "orig", error), "diag", None), name, None) or "?")


@functools.cache
def _tracer() -> Any:
    """Return OpenTelemetry's tracer; None where it is not installed."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("litxdb")


def _span(name: str) -> contextlib.AbstractContextManager[Any]:
    return NO_SPAN if _tracer() is None else _traced(name)


NO_SPAN = contextlib.nullcontext()


@contextlib.contextmanager
def _traced(name: str) -> Iterator[None]:
    """Say of a failure what kind it was: its message may quote a value."""
    from opentelemetry.trace import Status, StatusCode

    attributes = {"db.system.name": "postgresql", "db.operation.name": name}
    with _tracer().start_as_current_span(
        f"litxdb {name}", attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise

"""The only reader of the environment: every setting of litxdb, its default and where its value came from."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from litxdb.errors import ConfigurationInvalid

ENV_FILE = ".env"
ENVIRONMENTS = ("development", "test", "staging", "production")
VARIABLES = {
    "DATABASE_URL": "where the database is: a PostgreSQL URL or a key=value DSN",
    "DIRECT_DATABASE_URL": "the same database without a pooler, for migrations, dumps and index builds",
    "LITXDB_ENV": "development, test, staging or production; production asks before it destroys anything",
    "IS_PRODUCTION": "true means LITXDB_ENV=production, as older deployments write it",
    "LITXDB_HOME": "the directory of the embedded PostgreSQL",
    "LITXDB_STATE": "the directory of what litxdb itself remembers: the journal of what it changed, and snapshots",
    "LITXDB_CONNECT_TIMEOUT": "seconds for one attempt to connect (10; 30 in production)",
    "LITXDB_RETRY_SECONDS": "seconds for which transient connection failures are retried (15)",
    "LITXDB_BACKUP_STORE": "where backups live: a directory, or s3://bucket/prefix",
    "LITXDB_BACKUP_RECIPIENTS": "who can decrypt backups: age1… keys, or files of them, with commas between",
    "LITXDB_BACKUP_IDENTITY": "the file with the secret age key that encrypted backups are read with",
    "LITXDB_BACKUP_PING": "a URL that is told when a backup starts, and how it ended, as healthchecks.io has them",
    "LITXDB_ERASURE_KEY": "the key under which the ledger of erasures hides people; by default a file in LITXDB_STATE",
    "LITXDB_PG_BIN": "the directory of pg_dump and pg_restore, where they are not found by themselves",
    "REDIS_URL": "where LitXplore's cache is: redis://, or rediss:// for TLS",
    "LITXDB_SERVE_TOKEN": "the word that litxdb serve wants from whoever asks it",
    "SSL_CERT_FILE": "certificate authorities for sslmode=verify-full, where the system's are elsewhere",
}
"""Every variable that litxdb itself reads; libpq's (PGHOST, PGSERVICE, PGPASSFILE…) count as well."""

STORE_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_KEY",
)
"""The usual variables by which a bucket is reached; obstore itself reads rarer ones from the environment."""

PLACES = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE")
"""The libpq variables that say where a database is; PGUSER or PGPASSWORD alone do not choose one."""


@dataclass(frozen=True)
class Settings:
    """What a run goes by; made by `Settings.load`, or by hand in a program or a test.

    `url` is what the person gave, its password included, and `source` who gave it: repr shows only the second. `libpq`
    holds the PG… variables, from `.env` too; `env_file` is that file, where there is one. `warnings` are sentences that
    the caller should show.
    """

    url: str | None = field(default=None, repr=False)
    source: str = "url"
    direct_url: str | None = field(default=None, repr=False)
    libpq: Mapping[str, str] = field(default_factory=dict, repr=False)
    production: bool = False
    environment: str = "development"
    home: Path = field(default_factory=lambda: default_home())
    state: Path = field(default_factory=lambda: default_state())
    connect_timeout_seconds: int = 10
    retry_seconds: float = 15.0
    certificates: Path | None = None
    env_file: Path | None = None
    backup_store: str | None = None
    store_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    backup_recipients: tuple[str, ...] = ()
    backup_identity: Path | None = None
    erasure_key: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    serve_token: str | None = field(default=None, repr=False)
    backup_ping: str | None = field(default=None, repr=False)
    pg_bin: Path | None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(
        cls,
        url: str | None = None,
        environ: Mapping[str, str] | None = None,
        directory: Path | None = None,
        *,
        redis_url: str | None = None,
    ) -> Settings:
        """Read the settings: `url` (from --url) goes before the environment, the environment before `.env`.

        So does `redis_url` (from --redis-url).

        Raises ConfigurationInvalid for a value that is set and wrong, an empty URL included.
        """
        real = dict(os.environ if environ is None else environ)
        env_file = (directory or Path.cwd()) / ENV_FILE
        filed, warnings = _read_env_file(env_file)
        values = {**filed, **real}
        production = _is_production(values)
        chosen, source = _choose_url(url, real, filed)
        return cls(
            url=chosen,
            source=source,
            direct_url=_choose_direct_url(source, real, filed),
            libpq={name: value for name, value in values.items() if name.startswith("PG") and value},
            production=production,
            environment="production" if production else values.get("LITXDB_ENV", "").strip().lower() or "development",
            home=_path(values, "LITXDB_HOME") or default_home(),
            state=_path(values, "LITXDB_STATE") or default_state(),
            connect_timeout_seconds=int(_seconds(values, "LITXDB_CONNECT_TIMEOUT", 30 if production else 10, least=2)),
            retry_seconds=_seconds(values, "LITXDB_RETRY_SECONDS", 15, least=0),
            certificates=_existing("SSL_CERT_FILE", values.get("SSL_CERT_FILE")),
            env_file=env_file if env_file.is_file() else None,
            backup_store=values.get("LITXDB_BACKUP_STORE") or None,
            store_options={name: values[name] for name in STORE_VARIABLES if values.get(name)},
            backup_recipients=_list(values, "LITXDB_BACKUP_RECIPIENTS"),
            backup_identity=_path(values, "LITXDB_BACKUP_IDENTITY"),
            erasure_key=values.get("LITXDB_ERASURE_KEY") or None,
            serve_token=values.get("LITXDB_SERVE_TOKEN") or None,
            redis_url=_not_empty("REDIS_URL", values.get("REDIS_URL") if redis_url is None else redis_url),
            backup_ping=_not_empty("LITXDB_BACKUP_PING", values.get("LITXDB_BACKUP_PING"), "https://hc-ping.com/UUID"),
            pg_bin=_existing("LITXDB_PG_BIN", values.get("LITXDB_PG_BIN")),
            warnings=warnings,
        )

    @property
    def names_a_place(self) -> bool:
        """Whether a URL or libpq's variables say where the database is; if not, it is the embedded one."""
        return self.url is not None or any(name in self.libpq for name in PLACES)


def default_home() -> Path:
    """Where the embedded server lives unless LITXDB_HOME says otherwise.

    PostgreSQL refuses to run as root, and the account it runs under instead cannot enter root's home: root's is a
    system directory.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/litxdb")
    import platformdirs

    return Path(platformdirs.user_data_dir("litxdb", appauthor=False))


def default_state() -> Path:
    """Where litxdb keeps what it remembers of the databases it looks after, unless LITXDB_STATE says otherwise."""
    import platformdirs

    return Path(platformdirs.user_state_dir("litxdb", appauthor=False))


def surroundings(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a program of PostgreSQL's: this process's, but of libpq's variables only these."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | dict(variables or {})


def _choose_url(option: str | None, real: Mapping[str, str], filed: Mapping[str, str]) -> tuple[str | None, str]:
    for url, source in (
        (option, "--url"),
        (real.get("DATABASE_URL"), "DATABASE_URL"),
        (filed.get("DATABASE_URL"), "DATABASE_URL in .env"),
    ):
        if url is not None:
            return _not_empty(source, url), source
    return None, "libpq's variables"


def _choose_direct_url(source: str, real: Mapping[str, str], filed: Mapping[str, str]) -> str | None:
    """Take DIRECT_DATABASE_URL only from where DATABASE_URL came from: another place may mean another database."""
    name = "DIRECT_DATABASE_URL"
    if source == "--url":
        return None
    if source == "DATABASE_URL":
        return _not_empty(name, real.get(name))
    return _not_empty(name, real.get(name, filed.get(name)) if source != "DATABASE_URL in .env" else filed.get(name))


def _not_empty(name: str, value: str | None, example: str = "postgresql://user@host/database") -> str | None:
    if value is not None and not value.strip():
        raise ConfigurationInvalid(f"{name} is set but empty.", f"Unset it, or give it a URL such as {example}.")
    return value


def _is_production(values: Mapping[str, str]) -> bool:
    name = values.get("LITXDB_ENV", "").strip().lower()
    if name and name not in ENVIRONMENTS:
        raise ConfigurationInvalid(f"LITXDB_ENV is {name!r}.", f"Set it to one of: {', '.join(ENVIRONMENTS)}.")
    flag = values.get("IS_PRODUCTION", "").strip().lower()
    if flag not in {"", "0", "1", "false", "true", "no", "yes", "off", "on"}:
        raise ConfigurationInvalid(f"IS_PRODUCTION is {flag!r}.", "Set it to true or false, or set LITXDB_ENV instead.")
    return name == "production" or flag in {"1", "true", "yes", "on"}


def _path(values: Mapping[str, str], name: str) -> Path | None:
    value = values.get(name)
    return Path(value).expanduser().absolute() if value else None


def _list(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Take a value apart at its commas. One that is set but empty is an error: it was to say something."""
    text = values.get(name)
    words = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    if text is not None and not words:
        raise ConfigurationInvalid(f"{name} is set but empty.", "Unset it, or give it a value.")
    return words


def _existing(name: str, value: str | None) -> Path | None:
    if value and not Path(value).exists():
        raise ConfigurationInvalid(f"{name} names {value}, which does not exist.", "Mend the path, or unset it.")
    return Path(value) if value else None


def _seconds(values: Mapping[str, str], name: str, default: float, least: float) -> float:
    text = values.get(name, "").strip()
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = -1
    if not least <= seconds <= 86400:
        raise ConfigurationInvalid(f"{name} is {text!r}.", f"Set it to a number of seconds, {least:g} or more.")
    return seconds


def _read_env_file(path: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read `.env` as python-dotenv does, but take no line for an empty one: what cannot be read may be the URL."""
    if path.is_dir() or not (path.exists() or path.is_symlink()):  # some call a virtual environment .env
        return {}, ()
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    mend = "Write NAME=value on each line, quotes closed, or remove the file."
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(f"{path} cannot be read: {error}.", mend) from error
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            raise ConfigurationInvalid(f"{path} cannot be understood from line {binding.original.line} on.", mend)
    values = {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        return values, (f"{path} can be read by others and may hold a password: run chmod 600 {path}",)
    return values, ()

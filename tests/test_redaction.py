"""Secrets in whatever text."""

import pytest

from litxdb.redaction import redact, remember


@pytest.mark.parametrize(
    "secret", ["hunter22", "p@ss/word#1", "it's", "line\nbreak", "ünïcode", "back\\slash", 'quo"te']
)
def test_a_secret_is_masked_raw_quoted_and_encoded(secret: str) -> None:
    from urllib.parse import quote

    remember(secret)
    text = f"{secret} {quote(secret, safe='')} {secret!r}"
    assert secret not in redact(text)
    assert quote(secret, safe="") not in redact(text)
    assert repr(secret)[1:-1] not in redact(text)


def test_a_password_is_masked_where_nobody_registered_it() -> None:
    assert redact("postgresql://ada:x@db and password=y password='a b'") == (
        "postgresql://ada:***@db and password=*** password=***"
    )


def test_a_password_that_is_a_public_word_stays_readable_elsewhere() -> None:
    remember("postgres", frozenset({"postgres"}))
    assert redact('role "postgres" at postgresql://postgres:postgres@db') == (
        'role "postgres" at postgresql://postgres:***@db'
    )


def test_a_short_password_does_not_swallow_the_text() -> None:
    remember("a")
    assert redact("a database") == "a database"

"""Names as SQL has them, by the word of every version."""

from __future__ import annotations

from litxdb.quoting import quoted, quoted_if_needed
from tests.bed.servers import Server


def test_a_word_is_quoted_where_the_server_reserves_it(any_server: Server) -> None:
    words = any_server.execute("select word, catcode in ('R', 'T') from pg_get_keywords()")
    ours = {"system_user"}  # reserved from 16 on
    wrong = [word for word, reserved in words if (quoted_if_needed(word) == quoted(word)) != (reserved or word in ours)]
    assert not wrong


def test_what_is_quoted_is_one_name(any_server: Server) -> None:
    for name in ("plain", "user", "order", "1st", "Ada", "a-b", 'we"ird', "it's", "zwei\nzeilen", "数", "a$b", "_x"):
        row = any_server.execute(f"select 1 as {quoted(name)}, parse_ident(%s)", quoted_if_needed(name))[0]
        assert row[1] == [name]

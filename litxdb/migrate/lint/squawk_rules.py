"""What we make of squawk's rules: how bad each is, when its finding is wrong, and the safe way in one sentence.

squawk itself knows one level for all of them. https://squawkhq.com/docs/rules
"""

from __future__ import annotations

from litxdb.migrate.lint.judging import Rule

CHECK_FIRST = "ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, VALIDATE it in the next revision, then SET NOT NULL."
BY_INDEX = "CREATE UNIQUE INDEX CONCURRENTLY in an autocommit_block, then ADD CONSTRAINT … USING INDEX."
SECOND_RELEASE = "Stop using it in one release, drop it in the next."
BOTH_NAMES = "Keep the old name working (a view, or the name mapped in the models) until no running code uses it."

_BLOCKING = (
    Rule("require-concurrent-index-creation", "error", "CREATE INDEX blocks writes until it is built.",
         "CREATE INDEX CONCURRENTLY in an autocommit_block.", needs=("builds",), weighted=True),
    Rule("require-concurrent-index-deletion", "warning", "DROP INDEX takes ACCESS EXCLUSIVE on the table.",
         "DROP INDEX CONCURRENTLY in an autocommit_block.", weighted=True),
    Rule("require-concurrent-reindex", "error", "REINDEX blocks writes, and reads that use the index.",
         "REINDEX … CONCURRENTLY in an autocommit_block.", weighted=True),
    Rule("require-concurrent-partition-detach", "error", "DETACH PARTITION takes ACCESS EXCLUSIVE on the parent.",
         "DETACH PARTITION … CONCURRENTLY in an autocommit_block.", weighted=True),
    Rule("constraint-missing-not-valid", "error", "A new constraint reads the whole table under its lock.",
         "Add it NOT VALID, and VALIDATE CONSTRAINT in the next revision.", needs=("scans",), weighted=True,
         overlaps=("adding-foreign-key-constraint", "disallowed-unique-constraint", "adding-serial-primary-key-field")),
    Rule("adding-foreign-key-constraint", "error", "A new foreign key reads the table, and blocks writes to both.",
         "Add it NOT VALID, and VALIDATE CONSTRAINT in the next revision.", needs=("scans",), weighted=True),
    Rule("disallowed-unique-constraint", "error", "A UNIQUE constraint builds its index under ACCESS EXCLUSIVE.",
         BY_INDEX, needs=("builds",), weighted=True),
    Rule("adding-serial-primary-key-field", "error", "A PRIMARY KEY builds its index under ACCESS EXCLUSIVE.",
         BY_INDEX, needs=("builds",), weighted=True),
    Rule("adding-field-with-default", "error", "A volatile default or a stored generated column rewrites the table.",
         "Add the column without it, set the default, fill the old rows in batches.", needs=("rewrites",),
         weighted=True, overlaps=("volatile-default",)),
    Rule("adding-not-nullable-field", "error", "SET NOT NULL reads the whole table under ACCESS EXCLUSIVE.",
         CHECK_FIRST, needs=("scans",), weighted=True),
    Rule("changing-column-type", "error", "The new type needs the table rewritten or read through.",
         "Add a column of the new type, have the code write both, fill it in batches, then switch over.",
         needs=("rewrites", "scans", "builds"), weighted=True),
    Rule("adding-required-field", "error", "ADD COLUMN … NOT NULL without a default fails as soon as there is a row.",
         f"Add it with a constant default, or nullable, and fill it. {CHECK_FIRST}"),
    Rule("ban-truncate-cascade", "error", "TRUNCATE … CASCADE empties whatever refers to the table, too.",
         "Name every table that is to be emptied."),
)  # fmt: skip
_BREAKING = (
    Rule("renaming-column", "warning", "Code that runs with the old name fails at once.", BOTH_NAMES),
    Rule("renaming-table", "warning", "Code that runs with the old name fails at once.", BOTH_NAMES),
    Rule("renaming-object", "warning", "Code that runs with the old name fails at once.", BOTH_NAMES),
    *(
        Rule(f"ban-drop-{kind}", "warning", f"Code that uses the {kind.replace('-', ' ')} fails, and what it held is "
             "gone.", SECOND_RELEASE)
        for kind in ("column", "table", "view", "function", "type", "domain", "schema", "sequence", "extension",
                     "database")
    ),
    *(
        Rule(f"ban-drop-{kind}", "warning", f"Code may rely on the {kind.replace('-', ' ')}.",
             "Change the code that relies on it first.")
        for kind in ("constraint", "not-null", "default", "generated-expression")
    ),
    Rule("ban-set-schema", "warning", "Code that names the old schema fails at once.", BOTH_NAMES),
    Rule("ban-alter-identity", "warning", "Inserts that rely on the identity column may fail.",
         "Change the code that inserts first."),
    Rule("ban-duplicate-column-assignments", "warning", "A column is set twice in one UPDATE.", "Set it once."),
    Rule("ban-alter-domain-with-add-constraint", "warning", "Every column of the domain is checked again.",
         "A CHECK on the columns, NOT VALID first."),
    Rule("ban-create-domain-with-constraint", "info", "A later change checks all columns of the domain again.",
         "A CHECK on the column."),
)  # fmt: skip
_ADVICE = (
    Rule("prefer-robust-stmts", "info", "It cannot be run again after it failed half-way.", "IF [NOT] EXISTS."),
    Rule("prefer-bigint-over-int", "info", "An integer ends at 2,147,483,647; widening it later rewrites the table.",
         "bigint."),
    Rule("prefer-bigint-over-smallint", "info", "A smallint ends at 32,767; widening it later rewrites the table.",
         "bigint."),
    Rule("prefer-identity", "info", "A serial's sequence has an owner and privileges of its own.",
         "GENERATED BY DEFAULT AS IDENTITY."),
    Rule("prefer-text-field", "info", "Making a varchar(n) shorter later rewrites the table.", "text with a CHECK."),
    Rule("prefer-timestamp-tz", "info", "A timestamp without time zone means something else in each session.",
         "timestamptz."),
    Rule("prefer-repack", "info", "VACUUM FULL and CLUSTER lock everybody out.", "REPACK CONCURRENTLY.",
         overlaps=("rewriting-command",)),
    Rule("ban-char-field", "info", "char(n) pads with blanks.", "text."),
    Rule("identifier-too-long", "info", "Names end after 63 bytes.", "A shorter name."),
    Rule("require-enum-value-ordering", "info", "The new value comes last in the order.", "BEFORE or AFTER a value."),
)  # fmt: skip

SQUAWK_RULES = {rule.id: rule for rule in (*_BLOCKING, *_BREAKING, *_ADVICE)}

EXCLUDED = (
    "require-lock-timeout",  # litxdb sets both timeouts itself
    "require-statement-timeout",
    "ban-concurrent-index-creation-in-transaction",  # the server would have refused it
    "transaction-nesting",  # the transactions in what it reads are written by us
    "ban-uncommitted-transaction",
)
UNHEEDED = "syntax-error"
"""The server has run the statement: it is squawk that cannot read it."""

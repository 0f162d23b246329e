-- Revisions whose last run by litxdb did not succeed
--
-- What plain Alembic did afterwards leaves no trace here.
--
-- min-version: 15
-- column: revision   text     The revision
-- column: direction  text     up or down
-- column: outcome    text     failed or interrupted
-- column: seconds    double   How long ago it began
-- column: run_by     text     The role, and who ran litxdb where
-- column: error      text     What went wrong; null for nothing more than the interruption
select revision, direction, outcome, seconds, run_by, error
from (
    select distinct on (revision)
        revision,
        direction,
        outcome,
        extract(epoch from clock_timestamp() - started)::float8 as seconds,
        format('%s (%s@%s)', role, os_user, host) as run_by,
        error,
        started
    from litxdb.migrations
    order by revision, started desc
) last
where outcome in ('failed', 'interrupted')
order by started

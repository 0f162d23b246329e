-- The last time that each revision was applied by litxdb
--
-- Plain Alembic leaves no trace here, so a revision that it applied may be missing. The version table tells projects of
-- the same database apart, whose revisions may bear the same ids.
--
-- min-version: 15
-- param: version_table = public.alembic_version
-- column: revision      text       The revision
-- column: applied_at    timestamp  When it began
-- column: applied_by    text       The role, and who ran litxdb where
-- column: milliseconds  float      How long it took
-- column: checksum      text       SHA-256 of its file
select distinct on (revision)
    revision,
    started as applied_at,
    format('%s (%s@%s)', role, os_user, host) as applied_by,
    milliseconds,
    checksum
from litxdb.migrations
where version_table = :version_table and direction = 'up' and outcome = 'applied'
order by revision, started desc

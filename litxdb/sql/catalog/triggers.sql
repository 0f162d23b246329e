-- Triggers, whether they fire, and rules
--
-- A partition's copy of its parent's trigger comes and goes with that.
--
-- min-version: 15
with relations as (
    select c.*, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'litxdb')
        and c.relname <> 'alembic_version'
        and not exists (
            select
            from pg_depend e
            where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
        )
),
triggers as (
    select
        g.oid,
        g.tgenabled,
        r.name as relation,
        g.tgname,
        format('%s.%I', r.name, g.tgname) as name,
        pg_get_triggerdef(g.oid) as definition,
        g.tgparentid <> 0 as inherited
    from relations r
    join pg_trigger g on g.tgrelid = r.oid
    where not g.tgisinternal
)
select
    'trigger' as kind,
    name as object,
    definition,
    format('pg_trigger:%s:0', oid) as address,
    json_build_object(
        'make', case when not inherited then definition end,
        'remove', case when not inherited then format('drop trigger %I on %s', tgname, relation) end) as ways
from triggers
union all
select
    'trigger state',
    t.name,
    s.state,
    format('pg_trigger:%s:0', t.oid),
    json_build_object(
        'make', format('alter table %s %s trigger %I', t.relation, s.word, t.tgname),
        'change', format('alter table %s %s trigger %I', t.relation, s.word, t.tgname),
        'remove', format('alter table %s enable trigger %I', t.relation, t.tgname))
from triggers t
join (
    values ('D', 'disabled', 'disable'), ('R', 'on replicas only', 'enable replica'), ('A', 'always', 'enable always')
) as s (code, state, word) on s.code = t.tgenabled::text
union all
select
    'rule',
    format('%s.%I', r.name, w.rulename),
    pg_get_ruledef(w.oid),
    format('pg_rewrite:%s:0', w.oid),
    json_build_object(
        'make', rtrim(pg_get_ruledef(w.oid), ';'),
        'remove', format('drop rule %I on %s', w.rulename, r.name))
from relations r
join pg_rewrite w on w.ev_class = r.oid
where w.rulename <> '_RETURN'

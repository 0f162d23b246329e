-- Functions, procedures and aggregates
--
-- An aggregate is told by its functions only, so it cannot be made again from here.
--
-- min-version: 15
with functions as (
    select p.*, p.oid::regprocedure::text as name
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'litxdb')
        and not exists (
            select
            from pg_depend e
            where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e'
        )
)
select
    'function' as kind,
    f.name as object,
    case
        when f.prokind <> 'a' then pg_get_functiondef(f.oid)
        else concat_ws(' ',
            'aggregate of', a.aggtransfn, 'over', a.aggtranstype::regtype,
            'finally ' || nullif(a.aggfinalfn, 0)::regproc, 'initially ' || a.agginitval)
    end as definition,
    format('pg_proc:%s:0', f.oid) as address,
    json_build_object(
        'make', case when f.prokind <> 'a' then pg_get_functiondef(f.oid) end,
        'change', case when f.prokind <> 'a' then pg_get_functiondef(f.oid) end,
        'signature', concat_ws(' ', f.prokind, pg_get_function_arguments(f.oid), pg_get_function_result(f.oid)),
        'remove', format('drop routine %s', f.name)) as ways
from functions f
left join pg_aggregate a on a.aggfnoid = f.oid

-- What people watch an import by: a sample of its rows, its pace, and a list of imports that can be narrowed.

-- The first rows of each outcome of each lane, enough for the first ones of the import, with what each changed. ordinal is
-- the row's place in the file. member_id is null where there is no member: of a row that was skipped for it, and of what a
-- dry run would create.
create table import_preview (
    tenant_id  bigint not null,
    import_id  uuid not null,
    outcome    text collate "C" not null check (outcome in ('created', 'updated', 'unchanged', 'deleted', 'skipped')),
    ordinal    bigint not null,
    row_number bigint not null,
    member_id  bigint,
    code       text collate "C" not null default '',
    changes    jsonb not null,
    primary key (tenant_id, import_id, outcome, ordinal)
);
-- Whoever erases a member asks for it.
create index import_preview_member on import_preview (tenant_id, member_id) where member_id is not null;

-- How many rows of an import had an outcome, at which moments: places of both arrays belong together. every is the least
-- time between two of them, in seconds, which doubles whenever there are too many, and every second one goes.
create table import_pace (
    tenant_id bigint not null,
    import_id uuid not null,
    at        timestamptz[] not null,
    done      bigint[] not null,
    every     integer not null,
    primary key (tenant_id, import_id)
);

-- A failed row that is not among the first of its lane, but is one of the first with its problem.
alter table import_problem add column extra boolean not null default false;

-- The newest imports of a state, and of a list.
create index import_by_state on import (tenant_id, state, id);
create index import_by_list on import (tenant_id, list_id, id);

do $$
declare
    t text;
begin
    foreach t in array array['import_preview', 'import_pace']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant_wall on %I to meibo_web using (tenant_id = nullif(current_setting(''meibo.tenant_id'', true), '''')::bigint)', t);
        execute format('grant select on %I to meibo_web', t);
    end loop;
end
$$;
grant delete on import_preview to meibo_web;
grant select, insert, delete on import_preview to meibo_app;
grant select, insert, update on import_pace to meibo_app;

---- create above / drop below ----

drop index import_by_state, import_by_list;
alter table import_problem drop column extra;
drop table import_pace, import_preview;

-- The journal of everything that imports change, by week, so that what is too old to be undone is dropped and not deleted.
-- Undo is the import's last stage in reverse: it has its list's turn, and goes on after a crash where it stood.

alter table import drop constraint import_state_check,
    add constraint import_state_check check (state in ('created', 'uploaded', 'queued', 'running', 'paused', 'completed', 'failed',
        'cancelled', 'undoing', 'undone'));
-- At most one import per list that has its turn, whatever the code says. One that is paused keeps it.
drop index import_running;
create unique index import_running on import (tenant_id, list_id) where state in ('running', 'paused', 'undoing');

alter table outbox drop constraint outbox_topic_check,
    add constraint outbox_topic_check check (topic in ('started', 'merged', 'finished', 'undo'));

alter table journal rename to journal_before;
-- created: members whose id is among those that the import reserved are its own; they are here only where a later chunk of
--   the import changed them again, with nothing but their version.
-- updated: before and after have the fields that changed, by key; a value that is missing is null.
-- deleted, removed: before is the whole row. unified: before is the lead's, after {"member_id": of whom it became part}.
-- version is the member's after the change: an import that changed a member several times has several rows of it, the one
-- with the lowest version first. All rows of an import have its start as created_at, and so stand in one partition.
create table journal (
    tenant_id  bigint not null,
    import_id  uuid not null,
    member_id  bigint not null,
    created_at timestamptz not null,
    row_number bigint,
    version    integer,
    act        text collate "C" not null check (act in ('created', 'updated', 'deleted', 'removed', 'unified')),
    before     jsonb,
    after      jsonb
) partition by range (created_at);
create index journal_import on journal (tenant_id, import_id, member_id);
create index journal_member on journal (tenant_id, member_id);
-- What no week is there for: a clock that was wrong loses nothing.
create table journal_rest partition of journal default;

-- journal_prepare makes the partitions of the weeks from the one of a moment to the one of another. A week for which rows
-- stand in journal_rest already is left to it.
create function journal_prepare(first timestamptz, last timestamptz) returns void language plpgsql security definer set search_path from current as $$
declare
    week timestamptz := date_trunc('week', first, 'UTC');
    name text;
begin
    while week <= last loop
        name := 'journal_' || to_char(week at time zone 'UTC', 'YYYYMMDD');
        if to_regclass(name) is null then
            begin
                execute format('create table %I partition of journal for values from (%L) to (%L)', name, week, week + interval '7 days');
            exception when check_violation or duplicate_table then
                null;
            end;
        end if;
        week := week + interval '7 days';
    end loop;
end
$$;

-- journal_expire drops the partitions that end before a moment, and returns their number.
create function journal_expire(before timestamptz) returns integer language plpgsql security definer set search_path from current as $$
declare
    name text;
    n integer := 0;
begin
    for name in
        select c.relname from pg_inherits h join pg_class c on c.oid = h.inhrelid
        where h.inhparent = 'journal'::regclass and c.relname ~ '^journal_[0-9]{8}$'
            and (substr(c.relname, 9)::date + 7)::timestamp at time zone 'UTC' <= before
    loop
        execute format('drop table %I', name);
        n := n + 1;
    end loop;
    return n;
end
$$;
revoke execute on function journal_prepare(timestamptz, timestamptz), journal_expire(timestamptz) from public;

select journal_prepare(coalesce(min(created_at), now()), now() + interval '14 days') from journal_before;
insert into journal (tenant_id, import_id, member_id, created_at, act, before, after)
    select tenant_id, import_id, member_id, created_at, act, before, after from journal_before;
drop table journal_before;

alter table journal enable row level security;
create policy tenant_wall on journal to meibo_web using (tenant_id = nullif(current_setting('meibo.tenant_id', true), '')::bigint);
grant select, insert on journal to meibo_web;

-- Whether all that the import changes is in the journal: the versions before kept none of members that were updated.
alter table import add column journaled boolean not null default false;

-- For how many days an import of the tenant can be undone.
alter table tenant add column journal_days integer not null default 30 check (journal_days between 1 and 366);

-- The undoing of an import, and the latest dry run of it. What has its turn has a started_at; counts are of members, by
-- what became of them.
create table import_undo (
    tenant_id    bigint not null,
    import_id    uuid not null,
    dry_run      boolean not null,
    user_id      bigint,
    requested_at timestamptz not null,
    started_at   timestamptz,
    finished_at  timestamptz,
    step         text not null default '',
    position     bigint not null default 0,
    total        bigint not null default 0,
    done         bigint not null default 0,
    counts       jsonb not null default '{}',
    failure      jsonb,
    primary key (tenant_id, import_id, dry_run)
) with (fillfactor = 50);
create index import_undo_waiting on import_undo (tenant_id, requested_at) where started_at is null and not dry_run;

-- What an undo leaves as it is, and why; a bounded number of them, all are counted.
create table import_undo_kept (
    tenant_id bigint not null,
    import_id uuid not null,
    dry_run   boolean not null,
    member_id bigint not null,
    field     text collate "C" not null default '',
    code      text collate "C" not null,
    primary key (tenant_id, import_id, dry_run, member_id, field)
);

-- Imports that recorded an opt-out which an earlier one had recorded: undoing one leaves it to the others. One that no
-- import recorded stays.
alter table opt_out add column also uuid[];
create index opt_out_import on opt_out (tenant_id, import_id) where import_id is not null;
create index opt_out_also on opt_out (tenant_id, list_id) where also is not null;

-- The opt-outs that an import was allowed to lift, as they were.
create table opt_out_lifted (
    tenant_id  bigint not null,
    import_id  uuid not null,
    field      text collate "C" not null,
    contact    text collate "C" not null,
    by_import  uuid,
    also       uuid[],
    created_at timestamptz not null,
    primary key (tenant_id, import_id, field, contact)
);

do $$
declare
    t text;
begin
    foreach t in array array['import_undo', 'import_undo_kept', 'opt_out_lifted']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant_wall on %I to meibo_web using (tenant_id = nullif(current_setting(''meibo.tenant_id'', true), '''')::bigint)', t);
        execute format('grant select on %I to meibo_web', t);
    end loop;
end
$$;
grant insert, update, delete on import_undo to meibo_web;
grant delete on import_undo_kept to meibo_web;
grant insert on opt_out_lifted to meibo_web; -- cancelling an import settles its opt-outs

---- create above / drop below ----

drop table opt_out_lifted, import_undo_kept, import_undo;
drop index opt_out_import;
alter table opt_out drop column also;
alter table tenant drop column journal_days;
alter table import drop column journaled;
drop function journal_prepare, journal_expire;
alter table journal rename to journal_after;
create table journal (
    tenant_id  bigint not null,
    import_id  uuid not null,
    member_id  bigint not null,
    act        text collate "C" not null check (act in ('created', 'updated', 'deleted', 'removed', 'unified')),
    before     jsonb,
    after      jsonb,
    created_at timestamptz not null,
    primary key (tenant_id, import_id, member_id, act)
);
insert into journal select distinct on (tenant_id, import_id, member_id, act) tenant_id, import_id, member_id, act, before, after, created_at
    from journal_after where act not in ('created') order by tenant_id, import_id, member_id, act, version;
drop table journal_after;
alter table journal enable row level security;
create policy tenant_wall on journal to meibo_web using (tenant_id = nullif(current_setting('meibo.tenant_id', true), '')::bigint);
grant select, insert on journal to meibo_web;
alter table outbox drop constraint outbox_topic_check,
    add constraint outbox_topic_check check (topic in ('started', 'merged', 'finished'));
drop index import_running;
create unique index import_running on import (tenant_id, list_id) where state = 'running';
alter table import drop constraint import_state_check,
    add constraint import_state_check check (state in ('created', 'uploaded', 'queued', 'running', 'completed', 'failed', 'cancelled'));

-- What guards the data: the role that the services work as, the audit log, how long things are kept, and erasure.

-- The services' own role. They log in as whoever they are given and work as this one (set role): it owns nothing, changes
-- no schema, empties no table at once, and writes the audit log without being able to change it. It has to bypass row-level
-- security because PostgreSQL refuses COPY into a table under it; what serves people works as meibo_web all the same.
-- Into meibo_web it steps down for what serves people. The owner is a member for as long as nobody gives the services a login
-- of their own.
do $$
begin
    if not exists (select from pg_roles where rolname = 'meibo_app') then
        begin
            create role meibo_app nologin bypassrls;
        exception when duplicate_object or unique_violation then
            null; -- another database of this server was migrated at the same moment
        end;
    end if;
    if not (select rolbypassrls from pg_roles where rolname = 'meibo_app') then
        alter role meibo_app bypassrls;
    end if;
    if not pg_has_role('meibo_app', 'meibo_web', 'member') then
        grant meibo_web to meibo_app;
    end if;
    begin
        grant meibo_app to current_user; -- whoever makes a role may not take it, from version 16 on
    exception when insufficient_privilege then
        if not pg_has_role('meibo_app', 'member') then
            raise;
        end if;
    end;
exception when insufficient_privilege then
    raise exception 'the role % may not make the role meibo_app, which has to bypass row-level security (%). Let a superuser run this once, as far as it is not done, and migrate again: '
        'create role meibo_app nologin; alter role meibo_app bypassrls; grant meibo_web to meibo_app; grant meibo_app to %;', current_user, sqlerrm, quote_ident(current_user)
        using errcode = 'insufficient_privilege';
end
$$;

-- Who did what, in order. actor is who it was at that time: a user's name, a key's, or what an operator is called. detail
-- has ids, numbers, settings and names of fields, never what a member's fields hold.
create table audit (
    tenant_id  bigint not null,
    id         bigint generated always as identity,
    at         timestamptz not null default clock_timestamp(),
    actor_kind text collate "C" not null check (actor_kind in ('user', 'key', 'operator', 'system')),
    user_id    bigint,
    actor      text not null,
    key_name   text not null default '',
    address    text not null default '',
    act        text collate "C" not null,
    object     text collate "C" not null,
    detail     jsonb not null default '{}',
    primary key (tenant_id, id)
);
create index audit_at on audit (tenant_id, at);
create index audit_object on audit (tenant_id, object, id);
create index audit_act on audit (tenant_id, act, id);

-- A second wall behind the grants, also before the owner: nothing is changed, and nothing deleted but by audit_expire, which
-- deletes nothing that is younger than 30 days.
create function audit_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.at < now() - interval '30 days' and current_setting('meibo.audit_expire', true) = 'on' then
        return old;
    end if;
    raise exception 'the audit log is not changed' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_is_kept before update or delete on audit for each row execute function audit_is_kept();
create trigger audit_is_not_emptied before truncate on audit for each statement execute function audit_is_kept();

-- audit_expire deletes up to most rows of a tenant that are older than a moment and than 30 days, and returns their number.
create function audit_expire(tenant bigint, before timestamptz, most integer) returns integer language plpgsql security definer set search_path from current as $$
declare
    n integer;
begin
    perform set_config('meibo.audit_expire', 'on', true);
    delete from audit where tenant_id = tenant and id in (
        select id from audit where tenant_id = tenant and at < least(before, now() - interval '30 days') order by at limit most);
    get diagnostics n = row_count;
    perform set_config('meibo.audit_expire', 'off', true);
    return n;
end
$$;
revoke execute on function audit_expire(bigint, timestamptz, integer), audit_is_kept() from public;

-- For how many days a tenant's things are kept; for its journal there is journal_days already.
alter table tenant add column source_days integer not null default 30 check (source_days between 1 and 3660),
    add column report_days integer not null default 30 check (report_days between 1 and 3660),
    add column audit_days integer not null default 400 check (audit_days between 30 and 3660);

-- Since when a source is not kept any more, nor the rows that failed, nor the journal.
alter table import add column source_gone_at timestamptz, add column report_gone_at timestamptz, add column journal_gone_at timestamptz;
create index import_source_kept on import (tenant_id, coalesce(finished_at, uploaded_at)) where source_gone_at is null and source is not null;
create index import_report_kept on import (tenant_id, finished_at) where report_gone_at is null;
create index import_journal_kept on import (tenant_id, finished_at) where journal_gone_at is null and started_at is not null;

-- The leads that became part of a member.
create index journal_unified on journal (tenant_id, ((after->>'member_id')::bigint)) where act = 'unified';

-- The erasing of a member. Its row and journal are gone with the request; rows of failure reports follow, import by import.
-- marks are hashes, with the salt, of what the member could be known by in them; they go when it is finished. imports are
-- those that are known to have named the member.
create table erasure (
    tenant_id    bigint not null,
    id           bigint generated always as identity,
    member_id    bigint not null,
    list_id      bigint not null,
    salt         bytea not null,
    marks        bytea[] not null,
    imports      uuid[] not null default '{}',
    requested_at timestamptz not null,
    finished_at  timestamptz,
    -- The import whose report was looked at last.
    position     uuid,
    journal      bigint not null default 0,
    rows         bigint not null default 0,
    reports      bigint not null default 0,
    primary key (tenant_id, id)
);
create index erasure_waiting on erasure (requested_at) where finished_at is null;
create index erasure_member on erasure (tenant_id, member_id);

do $$
declare
    t text;
begin
    foreach t in array array['audit', 'erasure']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant_wall on %I to meibo_web using (tenant_id = nullif(current_setting(''meibo.tenant_id'', true), '''')::bigint)', t);
        execute format('grant select on %I to meibo_web', t);
    end loop;
end
$$;
-- Neither when nor in what order something happened is the writer's to say.
grant insert (tenant_id, actor_kind, user_id, actor, key_name, address, act, object, detail) on audit to meibo_web, meibo_app;
grant insert on erasure to meibo_web;
grant delete on journal, import_problem, member_shadow, import_seen to meibo_web;
grant update (request_hash) on member_request to meibo_web;

-- Of all tables up to here, what their rows need; then less, where less will do. Tables of later migrations are granted
-- there, one by one: a test knows what each has.
do $$
declare
    t regclass;
begin
    for t in select oid from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
    loop
        continue when t = 'audit'::regclass;
        execute format('grant select, insert, update, delete on %s to meibo_app', t);
    end loop;
end
$$;
revoke insert, update, delete on schema_version from meibo_app;
revoke insert, delete on tenant from meibo_app; -- operators make tenants, as themselves
revoke delete on member_id_counter, import, erasure from meibo_app;
revoke update on journal from meibo_app;
grant select on audit to meibo_app;
grant execute on function journal_prepare(timestamptz, timestamptz), journal_expire(timestamptz), audit_expire(bigint, timestamptz, integer) to meibo_app;

---- create above / drop below ----

do $$
declare
    t regclass;
begin
    for t in select oid from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
    loop
        execute format('revoke all on %s from meibo_app', t);
    end loop;
end
$$;
revoke all on function journal_prepare(timestamptz, timestamptz), journal_expire(timestamptz) from meibo_app;
revoke update (request_hash) on member_request from meibo_web;
revoke delete on journal, import_problem, member_shadow, import_seen from meibo_web;
drop table erasure;
drop index journal_unified;
alter table import drop column source_gone_at, drop column report_gone_at, drop column journal_gone_at;
alter table tenant drop column source_days, drop column report_days, drop column audit_days;
drop table audit;
drop function audit_expire, audit_is_kept;

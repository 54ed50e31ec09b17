-- What the rules of merging need beside the members themselves.

-- Values of a tenant's own fields, by key, as JSON has them; what is not there has no value.
alter table member add column custom jsonb,
    add column provisional boolean not null default false,
    add column contact_verified boolean not null default true,
    add column blocked_at timestamptz;

-- Leads are few beside members, and imports ask whether there are any.
create index member_lead on member (tenant_id, list_id, id) where kind = 'lead';

-- The index of custom fields that are keys or unique: an index on custom->>'key' would be one per tenant and field.
create table member_key (
    tenant_id bigint not null,
    list_id   bigint not null,
    field     text collate "C" not null,
    -- The form in which values of the field are compared.
    value     text collate "C" not null,
    member_id bigint not null,
    is_unique boolean not null,
    primary key (tenant_id, list_id, field, value, member_id)
);
create unique index member_key_unique on member_key (tenant_id, list_id, field, value) where is_unique;
create index member_key_member on member_key (tenant_id, member_id);

-- Who opted out of what, by address or number: an import never opts in a contact that is here, whatever became of the
-- member. import_id is the import that recorded it, null for anything else.
create table opt_out (
    tenant_id  bigint not null,
    list_id    bigint not null,
    field      text collate "C" not null,
    contact    text collate "C" not null,
    import_id  uuid,
    created_at timestamptz not null,
    primary key (tenant_id, list_id, field, contact)
);

-- The opt-outs of a running import, and the opt-ins where that is allowed. They come into opt_out when it ends: until
-- then they count for none of its rows, so that the order in which lanes are merged changes nothing.
create table import_opt_out (
    tenant_id bigint not null,
    import_id uuid not null,
    field     text collate "C" not null,
    contact   text collate "C" not null,
    opted_out boolean not null,
    primary key (tenant_id, import_id, field, contact)
);

-- The members that were there before an import and that its rows name, where the import must know: replace,
-- duplicates first, and lists with leads. row_ordinal is null where the row failed.
create table import_seen (
    tenant_id   bigint not null,
    import_id   uuid not null,
    member_id   bigint not null,
    row_ordinal bigint,
    primary key (tenant_id, import_id, member_id)
);

-- What imports did to members, with what stood there before.
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

-- What a dry run has made of the members it touched, so that later chunks see what earlier ones would have done.
-- merge_key is the member's key in the import; gone ones would have been deleted.
create table member_shadow (
    like member including defaults including generated,
    import_id uuid not null,
    merge_key text collate "C" not null,
    gone      boolean not null default false,
    primary key (tenant_id, import_id, id)
);
create index member_shadow_key on member_shadow (tenant_id, import_id, merge_key);
-- For leads, which find their members by contact.
create index member_shadow_email on member_shadow (tenant_id, import_id, email_key) where email_key is not null;
create index member_shadow_phone on member_shadow (tenant_id, import_id, phone) where phone is not null;

-- How often rows were skipped or repaired, and why.
create table import_note_count (
    tenant_id bigint not null,
    import_id uuid not null,
    lane      integer not null,
    code      text not null,
    field     text not null,
    rows      bigint not null,
    primary key (tenant_id, import_id, lane, code, field)
);

-- How far the work has come that looks across lanes, once every chunk is merged.
create table import_finish (
    tenant_id bigint not null,
    import_id uuid not null,
    step      text not null default '',
    -- The id of the last member that the step has dealt with.
    position  bigint not null default 0,
    primary key (tenant_id, import_id)
) with (fillfactor = 50);

-- members_before is the number of the list's members of the import's kind when it started, where a limit needs it;
-- allowance how many it may create, null for any number; with_leads whether the list had leads; parent_id the import
-- whose failed rows it retries.
alter table import add column removed bigint, add column unified bigint, add column tagged bigint,
    add column warnings jsonb,
    add column members_before bigint,
    add column allowance bigint,
    add column with_leads boolean not null default false,
    add column finishing_at timestamptz,
    add column parent_id uuid;
create index import_parent on import (tenant_id, parent_id) where parent_id is not null;

-- keyless rows are those whose key could not be read.
alter table import_lane add column tagged bigint not null default 0, add column keyless bigint not null default 0;

-- How many members and leads a tenant may have, null for any number; blocked ones do not count.
alter table tenant add column member_quota bigint check (member_quota >= 0);

alter table outbox drop constraint outbox_topic_check,
    add constraint outbox_topic_check check (topic in ('started', 'merged', 'finished'));

do $$
declare
    t text;
begin
    foreach t in array array['member_key', 'opt_out', 'import_opt_out', 'import_seen', 'journal', 'member_shadow', 'import_note_count', 'import_finish']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant_wall on %I to meibo_web using (tenant_id = nullif(current_setting(''meibo.tenant_id'', true), '''')::bigint)', t);
        execute format('grant select on %I to meibo_web', t);
    end loop;
end
$$;
grant insert, update, delete on member, member_key, opt_out to meibo_web;
grant insert on journal to meibo_web;
grant delete on import_opt_out to meibo_web; -- cancelling an import ends it

---- create above / drop below ----

alter table outbox drop constraint outbox_topic_check,
    add constraint outbox_topic_check check (topic in ('started', 'finished'));
alter table tenant drop column member_quota;
alter table import_lane drop column tagged, drop column keyless;
alter table import drop column removed, drop column unified, drop column tagged, drop column warnings,
    drop column members_before, drop column allowance, drop column with_leads, drop column finishing_at, drop column parent_id;
drop table import_finish, import_note_count, member_shadow, journal, import_seen, import_opt_out, opt_out, member_key;
drop index member_lead;
alter table member drop column custom, drop column provisional, drop column contact_verified, drop column blocked_at;

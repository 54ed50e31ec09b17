-- What tenants define by themselves: fields, what lists say of them, and profiles of imports.

-- A tenant's own fields, in the order in which they were made. One that is not used any more is retired, never deleted:
-- members may have values of it. definition is a member.Definition.
create table custom_field (
    tenant_id  bigint not null references tenant,
    key        text collate "C" not null,
    place      bigint generated always as identity,
    definition jsonb not null,
    created_at timestamptz not null,
    primary key (tenant_id, key)
);

-- What a list says otherwise than the fields themselves: {"required": {"name": false}}.
alter table member_list add column settings jsonb not null default '{}';

-- Options and mapping of an import under a name, and the headers that its file is expected to have.
create table profile (
    tenant_id  bigint not null references tenant,
    name       text not null check (name <> ''),
    -- The list that it is for; null for any.
    list_id    bigint,
    -- What a caller says when an import is created, as the API has it.
    options    jsonb not null,
    header     jsonb,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, name),
    foreign key (tenant_id, list_id) references member_list
);

-- The list's fields as they were when the import started (a member.Catalog); null for the standard ones.
alter table import add column fields jsonb;

do $$
declare
    t text;
begin
    foreach t in array array['custom_field', 'profile']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant_wall on %I to meibo_web using (tenant_id = nullif(current_setting(''meibo.tenant_id'', true), '''')::bigint)', t);
        execute format('grant select, insert, update on %I to meibo_web', t);
    end loop;
end
$$;
grant delete on profile, member_list to meibo_web;

---- create above / drop below ----

revoke delete on member_list from meibo_web;
alter table import drop column fields;
drop table profile;
alter table member_list drop column settings;
drop table custom_field;

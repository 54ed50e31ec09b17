-- Every table that grows has tenant_id in its primary key, joins stay inside a tenant, and no statement needs
-- two tenants: so the schema can be distributed by tenant_id.

create table tenant (
    id         bigint generated always as identity primary key,
    name       text not null unique check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    language   text not null default 'ja' check (language in ('ja', 'en')),
    time_zone  text not null default 'Asia/Tokyo',
    region     text not null default 'JP' check (region ~ '^[A-Z]{2}$'),
    mail_from  text,
    max_row_bytes integer not null default 262144 check (max_row_bytes between 1024 and 262144),
    created_at timestamptz not null default now()
);

-- The next free member id. Imports take their ids in one block when they start, so that an id depends on the
-- file and not on who merged what when. A table of its own, so that nothing waits for a tenant's row.
create table member_id_counter (
    tenant_id bigint primary key references tenant,
    next_id   bigint not null default 1
);

create table app_user (
    tenant_id  bigint not null references tenant,
    id         bigint generated always as identity,
    email      text not null,
    name       text not null,
    language   text not null default 'ja' check (language in ('ja', 'en')),
    role       text not null default 'editor' check (role in ('owner', 'admin', 'editor', 'viewer')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, email)
);

-- The key itself is never stored: only its SHA-256, which needs no salt because a key is 256 random bits.
create table api_key (
    tenant_id  bigint not null references tenant,
    id         bigint generated always as identity,
    hash       bytea not null unique,
    name       text not null,
    user_id    bigint,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, user_id) references app_user
);

create table member_list (
    tenant_id  bigint not null references tenant,
    id         bigint generated always as identity,
    name       text not null check (name <> ''),
    note       text,
    created_at timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

-- Fixed-width columns first: rows are smaller so. A field of product.md is a column of the same name. No
-- foreign key to the list: checking it would cost more than everything else about a row.
create table member (
    tenant_id       bigint not null,
    list_id         bigint not null,
    id              bigint not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    last_seen_at    timestamptz,
    version         integer not null default 1,
    bounce_count    integer not null default 0,
    register_date   date,
    birthday        date,
    sex             smallint,
    device          smallint,
    carrier         smallint,
    is_active       boolean not null default true,
    is_subscriber           boolean not null default true,
    is_subscriber_sms       boolean not null default true,
    is_subscriber_line      boolean not null default true,
    is_subscriber_pn        boolean not null default true,
    is_subscriber_messenger boolean not null default true,
    kind            text collate "C" not null default 'member' check (kind in ('member', 'lead')),
    member_sn       text collate "C",
    name            text,
    first_name      text,
    last_name       text,
    email           text collate "C",
    -- The form in which e-mail addresses are compared. A column, because an index on lower(email) is of no use to
    -- a query under row-level security: lower is not leakproof.
    email_key       text collate "C" generated always as (lower(email)) stored,
    phone           text collate "C",
    line_id         text collate "C",
    crm_pk          text collate "C",
    google_id       text collate "C",
    facebook_id     text collate "C",
    messenger_psid  text collate "C",
    apns_token      text collate "C",
    fcm_token       text collate "C",
    register_type   text,
    member_level    text,
    city            text,
    country         text,
    iso_code        text collate "C",
    tags            text[],
    import_tags     text[],
    primary key (tenant_id, id)
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);

-- Merge keys. member_sn is unique in a list; the others are not.
create unique index member_member_sn on member (tenant_id, list_id, member_sn) where member_sn is not null;
create index member_email on member (tenant_id, list_id, email_key) where email_key is not null;
create index member_phone on member (tenant_id, list_id, phone) where phone is not null;
create index member_line_id on member (tenant_id, list_id, line_id) where line_id is not null;

create table import (
    tenant_id     bigint not null,
    id            uuid not null,
    list_id       bigint not null,
    state         text not null default 'created'
        check (state in ('created', 'uploaded', 'queued', 'running', 'completed', 'failed', 'cancelled')),
    file_name     text not null,
    options       jsonb not null,
    mapping       jsonb,
    source        jsonb,
    inspection    jsonb,
    cut           jsonb,
    max_row_bytes integer not null,
    first_member_id bigint,
    -- No member of the list had a member number when the import started: keys need not be looked up first.
    into_empty    boolean not null default false,
    user_id       bigint,
    idempotency_key text,
    -- The totals of a final import; while it runs they are read from the ledger.
    total         bigint, created bigint, updated bigint, unchanged bigint, deleted bigint, skipped bigint,
    failed        bigint, not_processed bigint, protected bigint,
    failure       jsonb,
    created_at    timestamptz not null,
    uploaded_at   timestamptz,
    queued_at     timestamptz,
    started_at    timestamptz,
    split_at      timestamptz,
    finished_at   timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, list_id) references member_list,
    constraint totals_balance check (total = created + updated + unchanged + deleted + skipped + failed + not_processed),
    constraint final_has_totals check (finished_at is null or total is not null)
);
create unique index import_idempotency_key on import (tenant_id, idempotency_key) where idempotency_key is not null;
-- At most one running import per list, whatever the code says.
create unique index import_running on import (tenant_id, list_id) where state = 'running';
create index import_queued on import (tenant_id, list_id, queued_at, id) where state = 'queued';

-- The ledger: one row per lane of an import. A chunk is merged in the transaction that moves next_seq from its
-- own number to the next, so its effects happen exactly once and in file order, however often its message
-- comes; a second holder of the same chunk waits for the row, then finds the chunk done.
create table import_lane (
    tenant_id bigint not null,
    import_id uuid not null,
    lane      integer not null,
    next_seq  bigint not null default 0,
    -- The number of chunks of the lane; null until the splitter has read the whole source.
    chunks    bigint,
    created   bigint not null default 0,
    updated   bigint not null default 0,
    unchanged bigint not null default 0,
    deleted   bigint not null default 0,
    skipped   bigint not null default 0,
    failed    bigint not null default 0,
    protected bigint not null default 0,
    primary key (tenant_id, import_id, lane)
) with (fillfactor = 50);

-- How far the splitter has read; in a table of its own because it is written all the time.
create table import_progress (
    tenant_id bigint not null,
    import_id uuid not null,
    rows_read bigint not null default 0,
    seen_at   timestamptz not null,
    primary key (tenant_id, import_id)
) with (fillfactor = 50);

-- The first failed rows of each lane, enough for the first of the import; all of them are in object storage.
create table import_problem (
    tenant_id  bigint not null,
    import_id  uuid not null,
    row_number bigint not null,
    lane       integer not null,
    problems   jsonb not null,
    cells      jsonb not null,
    primary key (tenant_id, import_id, row_number)
);

create table import_problem_count (
    tenant_id bigint not null,
    import_id uuid not null,
    lane      integer not null,
    code      text not null,
    field     text not null,
    rows      bigint not null,
    primary key (tenant_id, import_id, lane, code, field)
);

-- What must be published because of a committed transaction. Deleted once the queue has stored it.
create table outbox (
    id         bigint generated always as identity primary key,
    topic      text not null check (topic in ('started', 'finished')),
    tenant_id  bigint not null,
    import_id  uuid not null,
    created_at timestamptz not null default now()
);

-- One row per mail and recipient; sent_at is set once the mail server has taken it.
create table mail (
    tenant_id  bigint not null,
    import_id  uuid not null,
    recipient  text not null,
    message_id text not null,
    sent_at    timestamptz,
    failure    text,
    primary key (tenant_id, import_id, recipient)
);

-- Row-level security is a second wall behind the where clauses, for the code that serves people: it runs as
-- this role, and sees only the tenant that its transaction has named.
do $$
begin
    if not exists (select from pg_roles where rolname = 'meibo_web') then
        create role meibo_web nologin;
    end if;
exception when duplicate_object or unique_violation then
    null; -- another database of this server was migrated at the same moment
end
$$;
grant meibo_web to current_user;

do $$
declare
    t text;
begin
    foreach t in array array['app_user', 'member_list', 'member', 'import', 'import_lane', 'import_progress',
        'import_problem', 'import_problem_count', 'mail', 'api_key', 'member_id_counter', 'tenant']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant_wall on %I to meibo_web using (%I = nullif(current_setting(''meibo.tenant_id'', true), '''')::bigint)',
            t, case t when 'tenant' then 'id' else 'tenant_id' end);
        execute format('grant select on %I to meibo_web', t);
    end loop;
end
$$;
grant insert, update on member_list, import, member_id_counter to meibo_web;
grant insert, update on mail to meibo_web;
grant insert on outbox to meibo_web;

---- create above / drop below ----

drop table mail, outbox, import_problem_count, import_problem, import_progress, import_lane, import, member,
    member_list, api_key, app_user, member_id_counter, tenant;

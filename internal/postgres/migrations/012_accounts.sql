-- How people sign in, and what keys may do.

-- password is an argon2id hash in PHC string format, null for a user who has not chosen one.
alter table app_user add column password text,
    add column disabled_at timestamptz,
    add column signed_in_at timestamptz;
-- Addresses are compared without their case; those that were made before may differ in nothing else.
create index app_user_address on app_user (tenant_id, lower(email));

-- What a key may do at most: its user's role is a bound of its own.
alter table api_key add column scope text not null default 'import' check (scope in ('read', 'import', 'admin')),
    add column expires_at timestamptz,
    add column last_used_at timestamptz;
create index api_key_user on api_key (tenant_id, user_id);
-- Keys of those who manage a tenant could opt in who opted out, and go on to.
update api_key k set allow_consent = true from app_user u
where u.tenant_id = k.tenant_id and u.id = k.user_id and u.role in ('owner', 'admin');

-- Who is signed in. The token itself is never stored, as little as a key is. seen_at is moved at most once a minute.
create table user_session (
    tenant_id  bigint not null,
    id         bigint generated always as identity,
    user_id    bigint not null,
    hash       bytea not null unique,
    address    text not null,
    agent      text not null,
    created_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (tenant_id, id),
    foreign key (tenant_id, user_id) references app_user on delete cascade
) with (fillfactor = 80);
create index user_session_user on user_session (tenant_id, user_id);
create index user_session_expires on user_session (expires_at);

-- What lets a user choose a password, once: an invitation, or a way out for who has forgotten it. A user has one at most.
create table user_token (
    tenant_id  bigint not null,
    user_id    bigint not null,
    hash       bytea not null unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (tenant_id, user_id),
    foreign key (tenant_id, user_id) references app_user on delete cascade
);
create index user_token_expires on user_token (expires_at);

-- Attempts to sign in that have not come to anything, by a hash of whom or where from: of accounts that do not exist as
-- well as of those that do. It belongs to no tenant, and rows go after a day.
create table sign_in_attempt (
    what         bytea primary key,
    attempts     integer not null,
    attempted_at timestamptz not null,
    locked_until timestamptz
) with (fillfactor = 70);
create index sign_in_attempt_old on sign_in_attempt (attempted_at);

do $$
declare
    t text;
begin
    foreach t in array array['user_session', 'user_token']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy tenant_wall on %I to meibo_web using (tenant_id = nullif(current_setting(''meibo.tenant_id'', true), '''')::bigint)', t);
        execute format('grant select, insert, update, delete on %I to meibo_web', t);
    end loop;
end
$$;
grant insert, update, delete on app_user, api_key to meibo_web;

---- create above / drop below ----

revoke insert, update, delete on app_user, api_key from meibo_web;
drop table sign_in_attempt, user_token, user_session;
drop index api_key_user, app_user_address;
alter table api_key drop column scope, drop column expires_at, drop column last_used_at;
alter table app_user drop column password, drop column disabled_at, drop column signed_in_at;

-- The members that requests with an Idempotency-Key have made, so that the same request makes no second one. Rows are kept
-- for some weeks.
create table member_request (
    tenant_id       bigint not null,
    idempotency_key text collate "C" not null,
    -- What the request said, as a hash: the key with another request is refused.
    request_hash    bytea not null,
    member_id       bigint not null,
    created_at      timestamptz not null,
    primary key (tenant_id, idempotency_key)
);
create index member_request_age on member_request (tenant_id, created_at);

alter table member_request enable row level security;
create policy tenant_wall on member_request to meibo_web using (tenant_id = nullif(current_setting('meibo.tenant_id', true), '')::bigint);
grant select, insert, delete on member_request to meibo_web;

---- create above / drop below ----

drop table member_request;

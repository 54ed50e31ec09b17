-- What the processes of an installation say of themselves, and what a member's history is read by.

-- Which import created a member: imports take their ids in blocks, one behind the other.
create index import_first_member on import (tenant_id, first_member_id) where first_member_id is not null;

-- One row per process, which it writes every few seconds; of no tenant. rows_done grows for as long as the process runs:
-- two looks at it tell its speed, which stands in rows_per_second as of the last two writes.
create table worker (
    id          uuid primary key,
    service     text collate "C" not null,
    host        text not null,
    version     text not null,
    started_at  timestamptz not null,
    seen_at     timestamptz not null,
    concurrency integer not null,
    busy        integer not null,
    rows_done   bigint not null,
    rows_per_second double precision not null default 0
) with (fillfactor = 50);
create index worker_seen on worker (seen_at);
grant select, insert, update, delete on worker to meibo_app;

---- create above / drop below ----

drop table worker;
drop index import_first_member;

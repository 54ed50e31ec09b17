-- What the processes of an installation say of themselves, what tenants settle by themselves, and what a member's history is
-- read by.

-- Which import created a member: imports take their ids in blocks, one behind the other.
create index import_first_member on import (tenant_id, first_member_id) where first_member_id is not null;

-- What people call the tenant, where that is not its name; and who is told of the end of imports that do not say it
-- themselves: {"owners": true, "importer": true, "recipients": [], "min_rows": 0}, of which what is left out is as here.
alter table tenant add column label text not null default '', add column notify jsonb not null default '{}';

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
alter table tenant drop column label, drop column notify;
drop index import_first_member;

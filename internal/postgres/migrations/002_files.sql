-- Mappings that imports were started with, by the columns of their files: offered again to the next file that has
-- them. The fingerprint is the same for the same headers in any order.
create table mapping_memory (
    tenant_id   bigint not null,
    list_id     bigint not null,
    fingerprint text collate "C" not null,
    mapping     jsonb not null,
    import_id   uuid not null,
    file_name   text not null,
    used_at     timestamptz not null,
    primary key (tenant_id, list_id, fingerprint),
    foreign key (tenant_id, list_id) references member_list
);
create index mapping_memory_newest on mapping_memory (tenant_id, list_id, used_at desc);

alter table mapping_memory enable row level security;
create policy tenant_wall on mapping_memory to meibo_web
    using (tenant_id = nullif(current_setting('meibo.tenant_id', true), '')::bigint);
grant select, insert, update, delete on mapping_memory to meibo_web;

-- The content of an import's file, to find that it was imported before. A column, because an index on source->>'sha256'
-- is of no use to a query under row-level security: the operator is not leakproof.
alter table import add column source_sha256 text collate "C" generated always as (source->>'sha256') stored;
create index import_source_sha256 on import (tenant_id, source_sha256, finished_at desc) where state = 'completed';

---- create above / drop below ----

drop index import_source_sha256;
alter table import drop column source_sha256;
drop table mapping_memory;

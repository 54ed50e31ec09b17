-- Which failed rows of an import its retries have merged, and what became of each: it counts once, however often it is
-- uploaded. import_id is the import whose rows they are, child_id the retry. A row that only ever fails is not here.
create table import_mended (
    tenant_id  bigint not null,
    import_id  uuid not null,
    row_number bigint not null,
    outcome    text collate "C" not null check (outcome in ('created', 'updated', 'unchanged', 'deleted', 'skipped')),
    child_id   uuid not null,
    primary key (tenant_id, import_id, row_number)
);

alter table import_mended enable row level security;
create policy tenant_wall on import_mended to meibo_web
    using (tenant_id = nullif(current_setting('meibo.tenant_id', true), '')::bigint);
grant select on import_mended to meibo_web;

---- create above / drop below ----

drop table import_mended;

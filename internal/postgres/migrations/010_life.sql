-- Imports can be paused, and resumed also where they have failed; each setting going is a run of its own.

alter table import add column run integer not null default 1,
    add column paused_at timestamptz,
    add column resumed_at timestamptz,
    -- It was cancelled, and holds its list's turn until its opt-outs are settled.
    add column settling boolean not null default false;
create index import_settling on import (tenant_id, list_id) where settling;

-- About which part of the source's bytes was read, and the number of the last row.
alter table import_progress add column read_share double precision, add column last_row bigint;

-- Each run that ends is told of once.
alter table mail add column run integer not null default 1;
alter table mail drop constraint mail_pkey, add primary key (tenant_id, import_id, run, recipient);

---- create above / drop below ----

delete from mail where run > 1;
alter table mail drop constraint mail_pkey, add primary key (tenant_id, import_id, recipient);
alter table mail drop column run;
alter table import_progress drop column read_share, drop column last_row;
update import set state = 'running' where state = 'paused';
drop index import_settling;
alter table import drop column run, drop column paused_at, drop column resumed_at, drop column settling;

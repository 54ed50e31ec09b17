-- What a tenant may have at the same time, in a day, and in all; null is any number.

alter table tenant
    add column max_running integer check (max_running > 0),
    add column max_rows_day bigint check (max_rows_day >= 0),
    add column max_storage bigint check (max_storage >= 0);

-- rows_counted is how many data rows the source has, where its tenant has a limit of rows: they count from the start on.
alter table import add column rows_counted bigint;
create index import_by_start on import (tenant_id, queued_at) where queued_at is not null;

-- How large the reports of failed rows are that the lane's chunks have left in object storage.
alter table import_lane add column report_bytes bigint not null default 0;

---- create above / drop below ----

alter table import_lane drop column report_bytes;
drop index import_by_start;
alter table import drop column rows_counted;
alter table tenant drop column max_running, drop column max_rows_day, drop column max_storage;

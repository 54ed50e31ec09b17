-- Of a dry run with another key, who has a member number by now.
create index member_shadow_member_sn on member_shadow (tenant_id, import_id, member_sn) where member_sn is not null;

-- Every index begins with the tenant. Of one that is newer than the statistics, the planner would expect a single row,
-- and take any index for as good as the one of the key. Without statistics it expects a fair share of the table.
alter table member alter column tenant_id set statistics 0;
alter table member_key alter column tenant_id set statistics 0;
alter table member_shadow alter column tenant_id set statistics 0, alter column import_id set statistics 0;
alter table import_seen alter column tenant_id set statistics 0, alter column import_id set statistics 0;

---- create above / drop below ----

alter table import_seen alter column tenant_id set statistics -1, alter column import_id set statistics -1;
alter table member_shadow alter column tenant_id set statistics -1, alter column import_id set statistics -1;
alter table member_key alter column tenant_id set statistics -1;
alter table member alter column tenant_id set statistics -1;
drop index member_shadow_member_sn;

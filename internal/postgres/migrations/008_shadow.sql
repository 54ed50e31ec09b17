-- Of a dry run with another key, who has a member number by now.
create index member_shadow_member_sn on member_shadow (tenant_id, import_id, member_sn) where member_sn is not null;

---- create above / drop below ----

drop index member_shadow_member_sn;

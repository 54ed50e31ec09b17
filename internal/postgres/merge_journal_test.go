package postgres_test

import (
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
)

// TestJournalTellsBeforeAndAfter compares what the journal says of an import with the members before and after it: of each
// that changed it has the fields that did, and nothing else.
func TestJournalTellsBeforeAndAfter(t *testing.T) {
	t.Parallel()
	s := newShop(t, member.Definition{Key: "rank", Type: "number"}, member.Definition{Key: "shop_no", Type: "string", MergeKey: true},
		member.Definition{Key: "likes", Type: "list"})
	s.run(t, imports.Options{}, 10, "member_sn,name,email,phone,birthday,sex,tags,is_subscriber,rank,shop_no,likes,city",
		`A1,青木,a1@docomo.ne.jp,090-1234-5678,2000-01-02,男,vip;old,1,1.5,S1,["x"],`,
		`A2,"井上" \ <a>,a2@example.com,,,,,1,2,S2,,大阪`,
		`A3,上田,a3@example.com,,,,,1,3,S3,,`,
		`A4,江口,,,,,,0,,,,`)
	s.exec(t, `create table snapshot as select * from member`)
	i := s.run(t, imports.Options{Rules: member.Rules{ImportTag: "spring", Blank: member.BlankClear}}, 2,
		"member_sn,name,email,phone,birthday,sex,tags,is_subscriber,rank,shop_no,likes,city",
		`A1,青木,a1@softbank.ne.jp,,2001-02-03,女,new,0,,S9,["y"],渋谷区`,
		`A2,"井上" \ <a>,a2@example.com,,,,,1,2,S2,,大阪`, // unchanged, but tagged
		`B1,新人,b1@example.com,,,,,1,1,S7,,`,
		`A3,上田、改めて,a3@example.com,,,,,1,3,S3,,`,
		`A3,上田 "3" \,a3@example.com,,,,,1,3,S3,,`,
		`B1,新人,b1@example.com,,,,,1,9,S7,,`,
		`A4,江口,,,,,,0,,,,`)
	var wrong, rows int
	s.ask(t, &wrong, `with flat as (
			select 'then' as at, id, to_jsonb(m) - '{custom,version,updated_at,email_key}'::text[] || coalesce(custom, '{}') as fields from snapshot m
			union all select 'now', id, to_jsonb(m) - '{custom,version,updated_at,email_key}'::text[] || coalesce(custom, '{}') from member m),
		changes as (select member_id as id, key, (array_agg(before->key order by version))[1] as before, (array_agg(after->key order by version desc))[1] as after
			from journal, lateral jsonb_object_keys(after) key where import_id = $1 and act = 'updated' group by 1, 2),
		diff as (select id, key, t.fields->key as before, n.fields->key as after from flat t join flat n using (id), lateral jsonb_object_keys(t.fields || n.fields) key
			where t.at = 'then' and n.at = 'now' and coalesce(t.fields->key, 'null') <> coalesce(n.fields->key, 'null'))
		select count(*) from diff d full join changes c using (id, key)
		where coalesce(d.before, 'null') is distinct from c.before or coalesce(d.after, 'null') is distinct from c.after`, i.ID)
	s.ask(t, &rows, `select count(*) from journal where import_id = $1 and created_at = $2 and row_number between 2 and 8`, i.ID, *i.StartedAt)
	if wrong != 0 || rows != 6 { // A1, A2, A3 twice, B1 again, A4
		t.Errorf("%d fields differ from the journal, which has %d entries of %s", wrong, rows, outcomes(i))
	}
	var own string
	s.ask(t, &own, `select string_agg(concat_ws(' ', act, j.version, m.version, before, after), ',') from journal j join member m on m.id = member_id where m.member_sn = 'B1'`)
	if own != "created 2 2" {
		t.Errorf("of a member that the import made itself the journal says %q", own)
	}
}

func (s *shop) ask(t *testing.T, into any, sql string, args ...any) {
	t.Helper()
	must(t, s.admin.QueryRow(t.Context(), sql, args...).Scan(into))
}

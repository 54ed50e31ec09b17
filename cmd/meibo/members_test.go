package main

import (
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
)

func TestWhatIsSaidOfMembersReachesTheServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"create", "name=山田=花子", "tags=a,b", "--list", "vip", "--kind", "lead", "--key", "phone"}, `POST key=phone  {"kind":"lead","list":"vip","name":"山田=花子","tags":"a,b"}`},
		{[]string{"set", "7", "city=", "name=x", "--append", "--consent", "allow", "--version", "3"}, `PATCH consent=allow&list_values=append "3" {"city":null,"name":"x"}`},
		{[]string{"set", "7", "name=x"}, `PATCH  * {"name":"x"}`},
		{[]string{"delete", "7", "--version", "2"}, `DELETE  "2" `},
		{[]string{"list", "--filter", "tags:any:a,b", "--filter", "phone:empty", "-q", "青木", "--kind", "lead", "--blocked", "only", "--count"}, "blocked=only&count=true&filter=tags%3Aany%3Aa%2Cb&filter=phone%3Aempty&kind=lead&limit=1&q=%E9%9D%92%E6%9C%A8"},
	} {
		a := newAPI(t, client.Import{})
		got := meibo(t.Context(), a, "C", append([]string{"members"}, c.args...)...)
		if got.status != exitOK || strings.TrimSuffix(a.said, "\n") != c.want {
			t.Errorf("%q: %d %s\nsaid %s\nwant %s", c.args, got.status, got.err, a.said, c.want)
		}
	}
}

func TestMemberIsShownAfterItsChange(t *testing.T) {
	t.Parallel()
	a := newAPI(t, client.Import{})
	for _, args := range [][]string{{"create", "name=x"}, {"set", "7", "name=x"}} {
		if got := meibo(t.Context(), a, "ja_JP.UTF-8", append([]string{"members"}, args...)...); !strings.Contains(got.out, "山田 花子") {
			t.Errorf("%q: %+v", args, got)
		}
	}
	if got := meibo(t.Context(), a, "ja_JP.UTF-8", "members", "delete", "7"); got.out != "" || got.err != "会員7を削除しました。\n" {
		t.Errorf("delete: %+v", got)
	}
	if got := meibo(t.Context(), a, "ja_JP.UTF-8", "members", "list", "--count"); got.out != "10,000件以上\n" {
		t.Errorf("count: %+v", got)
	}
}

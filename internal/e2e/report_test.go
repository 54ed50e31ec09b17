package e2e

import (
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/client"
)

// TestCorrectedReportMeansWhatTheFileMeant uploads the report of failed rows as it is, with the one wrong cell of each
// row corrected.
func TestCorrectedReportMeansWhatTheFileMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	file := "memberId,name,phone,unsubscribeEmail,birthday\n" +
		"V1,=1+1,+819012345678,true,2024/2/30\n" +
		"V2,'quoted,090-1234-5678,false,2024/2/30\n"
	i := w.load(t, "file.csv", []byte(file), client.Options{})
	if got, want := counts(i), wantCounts(2, 0, 0, 0, 2); got != want {
		t.Fatalf("file\n got %s\nwant %s", got, want)
	}
	report := w.failuresCSV(t, i.ID)
	if !strings.Contains(report, "'=1+1") || !strings.Contains(report, "'+819012345678") {
		t.Errorf("the report is not safe to open in Excel:\n%s", report)
	}
	again := w.load(t, "report.csv", []byte(strings.ReplaceAll(report, "2024/2/30", "2024/2/29")), client.Options{})
	if got, want := counts(again), wantCounts(2, 2, 0, 0, 0); got != want {
		t.Fatalf("corrected report\n got %s\nwant %s", got, want)
	}
	want := map[string][3]any{
		"V1": {"=1+1", "+819012345678", false},
		"V2": {"'quoted", "+819012345678", true},
	}
	for m, err := range w.client.Members(t.Context(), client.MemberQuery{List: "main"}) {
		must(t, err)
		got := [3]any{m.Text("name"), m.Text("phone"), m.Fields["is_subscriber"]}
		if got != want[m.Text("member_sn")] {
			t.Errorf("member %s = %v, want %v", m.Text("member_sn"), got, want[m.Text("member_sn")])
		}
	}
}

package uploader

import (
	"net/http"
	"strings"
	"testing"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/postgres"
)

var retriedMapping = member.Mapping{
	{Header: "お客様番号", Field: "member_sn"},
	{Header: "備考"},
	{Header: "氏名", Field: "name"},
	{Header: "電話番号", Field: "phone", Blank: member.BlankClear},
	{Header: "タグ", Field: "tags", ListValues: member.ListReplace},
	{Header: "メール停止", Field: "is_subscriber", Inverted: true},
}

// broken returns an import that was cancelled with one row created and the rows 3 and 5 failed. change changes its
// options before it starts.
func (w *world) broken(change func(*imports.Options)) string {
	w.Helper()
	i := w.uploaded("お客様番号,備考,氏名,電話番号,タグ,メール停止\nA1,,あ,,,\n")
	job := w.job(i.ID)
	if change != nil {
		change(&job.Options)
	}
	w.must(w.db.StartImport(w.Context(), job.Tenant, job.ID, postgres.Settled{
		Options: job.Options, Mapping: retriedMapping, Cut: imports.Cut{Lanes: 1, ChunkRows: 100, ChunkBytes: 1 << 20}, Source: job.Source,
	}))
	w.merge(i.ID, 0, 0, []int64{2, 3, 5}, []string{"A1", "青木", "", "", "1"}, []string{"", "石井", "", "", ""}, []string{"A5", "上田", "x", "", "0"})
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+i.ID+"/cancel", ""))
	return i.ID
}

// retryForm sends a corrected report to an import.
func (w *world) retryForm(id string, parts ...[3]string) *answer {
	w.Helper()
	body, contentType := multipartForm(parts...)
	return w.post("/v1/imports/"+id+"/retry", body, "Content-Type", contentType)
}

const correctedReport = "rowNumber,errorColumns,errorReason,member_sn,name,phone,tags,メール停止\r\n3,,,A3,石井,,,\r\n5,,,A5,上田,,,0\r\n"

func TestRetryInheritsMappingAndOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.broken(func(o *imports.Options) {
		o.Rules = member.Rules{Mode: member.Replace, ImportTag: "autumn"}
		o.MaxFailed, o.TimeZone, o.Encoding, o.NoHeader = imports.Percent(1), "UTC", "Shift_JIS", true
	})
	i := want[importView](w, http.StatusCreated, w.retryForm(root, [3]string{"file", "直した.csv", correctedReport}))
	if i.State != imports.StateRunning || i.FileName != "直した.csv" || i.Parent == nil || *i.Parent != root {
		t.Errorf("retry = %+v", i)
	}
	job := w.job(i.ID)
	o := job.Options
	if o.Mode != member.Upsert || o.Blank != member.BlankClear || o.Duplicates != member.DuplicatesFirst || o.ListValues != member.ListReplace ||
		o.ImportTag != "autumn" || o.TimeZone != "UTC" || o.MaxFailed.Set || o.NoHeader || o.Encoding != "UTF-8" || job.Cut.Lanes != 1 {
		t.Errorf("options = %+v, cut %+v", o, job.Cut)
	}
	report := member.Mapping{{Header: member.ReportRow}, {Header: member.ReportFields}, {Header: member.ReportReason}}
	for _, c := range retriedMapping {
		switch {
		case c.Inverted:
			c.Header = "メール停止" // which means the opposite by itself
		case c.Field != "":
			c.Header = c.Field
		default:
			continue
		}
		report = append(report, c)
	}
	if len(job.Mapping) != len(report) {
		t.Fatalf("mapping = %+v", job.Mapping)
	}
	for n := range report {
		if job.Mapping[n] != report[n] {
			t.Errorf("column %d is %+v, want %+v", n, job.Mapping[n], report[n])
		}
	}
	shown := want[importView](w, http.StatusOK, w.get("/v1/imports/"+root))
	if len(shown.Retries) != 1 || shown.Retries[0] != i.ID || shown.Converged == nil || *shown.Converged != (converged{Created: 1, Failed: 2}) {
		t.Errorf("the original shows %v and %+v", shown.Retries, shown.Converged)
	}
}

func TestRetryWaitsForItsFileAndItsStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.broken(nil)
	i := want[importView](w, http.StatusCreated, w.post("/v1/imports/"+root+"/retry", "", "Idempotency-Key", "k"))
	if i.State != imports.StateCreated || i.FileName != "members_failures.csv" || *i.Parent != root {
		t.Errorf("retry = %+v", i)
	}
	if again := want[importView](w, http.StatusOK, w.post("/v1/imports/"+root+"/retry", "{}", "Idempotency-Key", "k")); again.ID != i.ID {
		t.Errorf("the same key gives %s, then %s", i.ID, again.ID)
	}
	want[importView](w, http.StatusOK, w.put(i.ID, correctedReport))
	for _, body := range []string{`{"mode":"upsert"}`, `{"map":{"name":""}}`, `{"no_header":true}`} {
		wantProblem(w, http.StatusUnprocessableEntity, codeRetrySettled, w.start(i.ID, body))
	}
	started := want[importView](w, http.StatusAccepted, w.start(i.ID, `{"encoding":"UTF-8"}`))
	if started.State != imports.StateRunning {
		t.Errorf("state = %s, want running", started.State)
	}
	// A file with the columns of the original is told which ones are remembered of it, not those of a report.
	next := w.uploaded("rowNumber,errorColumns,errorReason,member_sn,name,phone,tags,メール停止\r\n")
	if w.inspection(next.ID).Remembered != nil {
		t.Error("the mapping of a retry is remembered")
	}
}

func TestRetryOfAnotherFileIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.broken(nil)
	file := [3]string{"file", "m.csv", correctedReport}
	for _, c := range []struct {
		code  string
		parts [][3]string
	}{
		{codeNotAReport, [][3]string{{"file", "m.csv", "お客様番号,氏名\nA3,石井\n"}}},
		{codeNotAReport, [][3]string{{"file", "m.csv", strings.Replace(correctedReport, "rowNumber", "行番号", 1)}}},
		{codeUnknownColumn, [][3]string{{"file", "m.csv", strings.Replace(correctedReport, "phone", "電話", 1)}}},
		{codeRetrySettled, [][3]string{{"options", "", `{"mode":"upsert"}`}, file}},
		{codeRetrySettled, [][3]string{{"options", "", `{"list":"main"}`}, file}},
		{codeRetrySettled, [][3]string{{"options", "", `{"profile":"夜間"}`}, file}},
		{codeRequired, nil},
		{codePartOrder, [][3]string{file, file}},
		{codeUnknownPart, [][3]string{{"fiel", "m.csv", correctedReport}}},
	} {
		wantProblem(w, http.StatusUnprocessableEntity, c.code, w.retryForm(root, c.parts...))
	}
	for _, i := range want[importPage](w, http.StatusOK, w.get("/v1/imports?limit=100")).Items {
		if i.State != imports.StateCancelled {
			t.Errorf("%s is left %s", i.FileName, i.State)
		}
	}
}

func TestRetryThatComesAgainWithAnotherFileIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.broken(nil)
	send := func(report string) *answer {
		body, contentType := multipartForm([3]string{"file", "m.csv", report})
		return w.post("/v1/imports/"+root+"/retry", body, "Content-Type", contentType, "Idempotency-Key", "k")
	}
	first := want[importView](w, http.StatusCreated, send(correctedReport))
	if again := want[importView](w, http.StatusCreated, send(correctedReport)); again.ID != first.ID {
		t.Errorf("the same request gives %s, then %s", first.ID, again.ID)
	}
	wantProblem(w, http.StatusUnprocessableEntity, codeKeyReused, send(correctedReport+"6,,,A6,木村,,,0\r\n"))
}

func TestRetryThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	retry := func(id string, headers ...string) *answer { return w.post("/v1/imports/"+id+"/retry", "", headers...) }
	wantProblem(w, http.StatusNotFound, codeNotFound, retry("x"))
	wantProblem(w, http.StatusConflict, codeNotEnded, retry(w.uploaded(smallCSV).ID))
	whole := w.create(`{"file_name":"a.csv"}`)
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+whole.ID+"/cancel", ""))
	wantProblem(w, http.StatusConflict, codeNothingToRetry, retry(whole.ID))
	dry := w.broken(func(o *imports.Options) { o.DryRun = true })
	wantProblem(w, http.StatusConflict, codeRetryDryRun, retry(dry))
	wantProblem(w, http.StatusConflict, codeRetryDryRun, w.retryForm(dry, [3]string{"file", "m.csv", correctedReport}))

	// The retry of a retry is one of the original, and waits for the end of that.
	root := w.broken(nil)
	first := want[importView](w, http.StatusCreated, retry(root, "Idempotency-Key", "k"))
	wantProblem(w, http.StatusUnprocessableEntity, codeKeyReused, w.post("/v1/imports/"+w.broken(nil)+"/retry", "", "Idempotency-Key", "k"))
	wantProblem(w, http.StatusConflict, codeNotEnded, retry(first.ID))
	want[importView](w, http.StatusOK, w.post("/v1/imports/"+first.ID+"/cancel", ""))
	second := want[importView](w, http.StatusCreated, retry(first.ID))
	if *second.Parent != root {
		t.Errorf("the retry of a retry has the parent %s, want %s", *second.Parent, root)
	}
	stranger := w.account("stranger", "en")
	w.acme = stranger
	wantProblem(w, http.StatusNotFound, codeNotFound, retry(root))
}

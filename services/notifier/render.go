package notifier

import (
	"cmp"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"

	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// Report is what the mail about an import that has ended says. Its strings may be a stranger's: Render makes them
// harmless.
type Report struct {
	// Workbook says that the file was one, which the name of what ran tells (処理名); the subject is the same for all files.
	Workbook bool
	// FileName, List and User are names as people know them; a dash stands for an empty one.
	FileName, List, User string
	// Start and End are shown in Zone (UTC where nil); a dash stands for a zero time.
	Start, End time.Time
	Zone       *time.Location
	// State is completed or failed: nobody is told of an import that was cancelled.
	State imports.State
	// Stopped is how far an import had come that was stopped; nil where it never began.
	Stopped *imports.Stop
	// Resumable says that the import can go on once the cause is mended.
	Resumable bool
	// Reason is the sentence that says why the import failed, in the language of the mail.
	Reason string
	DryRun bool
	Totals imports.Totals
	// Warnings are what else there is to know, in the language of the mail.
	Warnings []string
	// Problems are why rows failed; the most frequent few are shown.
	Problems []ProblemCount
	// Link is the address of the import's page: absolute, http or https. Without one the mail has no link.
	Link string
}

// ProblemCount is how often rows had one kind of problem.
type ProblemCount struct {
	// Sentence says what is wrong, in the language of the mail.
	Sentence string
	Count    int64
}

const (
	maxProblems = 5
	// maxName and maxSentence bound what a stranger can fill a mail with, in characters.
	maxName     = 255
	maxSentence = 400
	missing     = "—"
)

//go:embed templates
var templateFiles embed.FS

// edition is what differs between the languages beside the templates.
type edition struct {
	text              *texttemplate.Template
	html              *htmltemplate.Template
	completed, failed string // the subjects; the Japanese ones are those of product.md, to the letter
	process, workbook string
	timestamp         string
	// stages say what was being done when an import was stopped.
	stages map[imports.Stage]string
}

var editions = map[tenant.Language]edition{
	tenant.Japanese: newEdition(tenant.Japanese, edition{
		completed: "CSVインポート処理完了", failed: "CSVインポート処理エラー",
		process: "CSVインポート", workbook: "Excelインポート", timestamp: "2006/01/02 15:04:05",
		stages: map[imports.Stage]string{
			imports.StageWaiting: "順番待ち（未開始）", imports.StageReading: "ファイルの読み取りと登録",
			imports.StageMerging: "残りの行の登録（ファイルは最後まで読み取り済み）", imports.StageFinishing: "仕上げ（すべての行を処理済み）",
		},
	}),
	tenant.English: newEdition(tenant.English, edition{
		completed: "CSV import completed", failed: "CSV import failed",
		process: "CSV import", workbook: "Excel import", timestamp: "2006-01-02 15:04:05",
		stages: map[imports.Stage]string{
			imports.StageWaiting: "waiting for its turn (not begun)", imports.StageReading: "reading and merging the file",
			imports.StageMerging: "merging the rest (the whole file was read)", imports.StageFinishing: "finishing (every row was merged)",
		},
	}),
}

func newEdition(lang tenant.Language, e edition) edition {
	name := "templates/" + string(lang)
	e.text = texttemplate.Must(texttemplate.ParseFS(templateFiles, name+".txt.tmpl"))
	e.html = htmltemplate.Must(htmltemplate.ParseFS(templateFiles, name+".html.tmpl", "templates/parts.html.tmpl"))
	return e
}

// Render returns the mail about an import that completed, with failed rows or without, or failed. It fails where the
// report is of an import in another state, or its link is not an address of a page.
func Render(lang tenant.Language, r Report) (subject, text, html string, err error) {
	e, ok := editions[lang]
	if !ok {
		return "", "", "", fmt.Errorf("render mail: no language %q", lang)
	}
	v, err := newView(e, r)
	if err != nil {
		return "", "", "", fmt.Errorf("render mail: %w", err)
	}
	v.Subject = e.failed
	if r.State == imports.StateCompleted {
		v.Subject = e.completed
	}
	var t, h strings.Builder
	if err := e.text.Execute(&t, v); err != nil {
		return "", "", "", fmt.Errorf("render text of mail: %w", err)
	}
	if err := e.html.Execute(&h, v); err != nil {
		return "", "", "", fmt.Errorf("render HTML of mail: %w", err)
	}
	return v.Subject, t.String(), h.String(), nil
}

// view is a report as the templates show it: every string is one line of printable text.
type view struct {
	Subject                              string
	Completed, Failed, DryRun            bool
	Process, Start, End, User, FileName  string
	List, Reason, Link                   string
	Total, Registered, FailedRows        count
	Created, Updated, Unchanged, Deleted count
	Skipped, NotProcessed                count
	Removed, Unified, Protected, Tagged  count
	Stopped                              *stopLine
	Resumable                            bool
	Warnings                             []string
	Problems                             []problemLine
	OtherProblems                        int
}

// stopLine is how far an import had come that was stopped.
type stopLine struct {
	Stage              string
	Percent            string // empty where nobody can tell
	Read, Merged, Left count
}

func (e edition) stopLine(s *imports.Stop) *stopLine {
	if s == nil {
		return nil
	}
	l := &stopLine{Stage: e.stages[s.Stage], Read: count(s.Read), Merged: count(s.Merged), Left: count(s.Read - s.Merged)}
	if s.Percent >= 0 && s.Stage != imports.StageWaiting {
		l.Percent = strconv.Itoa(s.Percent) + "%"
	}
	return l
}

type problemLine struct {
	Sentence string
	Count    count
}

func newView(e edition, r Report) (view, error) {
	if r.State != imports.StateCompleted && r.State != imports.StateFailed {
		return view{}, fmt.Errorf("there is no mail about an import in state %q", r.State)
	}
	link, err := pageLink(r.Link)
	if err != nil {
		return view{}, err
	}
	t := r.Totals
	v := view{
		Completed: r.State == imports.StateCompleted, Failed: r.State == imports.StateFailed, DryRun: r.DryRun,
		Process: e.process, User: line(r.User, maxName), FileName: line(r.FileName, maxName),
		List: line(r.List, maxName), Link: link,
		Start: clock(r.Start, r.Zone, e.timestamp), End: clock(r.End, r.Zone, e.timestamp),
		Total: count(t.Total), FailedRows: count(t.Failed),
		// Only an import of mode delete has deleted rows, and it has no other registered ones.
		Registered: count(t.Created + t.Updated + t.Unchanged + t.Deleted),
		Created:    count(t.Created), Updated: count(t.Updated), Unchanged: count(t.Unchanged),
		Deleted: count(t.Deleted), Skipped: count(t.Skipped), NotProcessed: count(t.NotProcessed),
		Removed: count(t.Removed), Unified: count(t.Unified), Protected: count(t.Protected), Tagged: count(t.Tagged),
	}
	if !v.Completed {
		v.Stopped, v.Resumable = e.stopLine(r.Stopped), r.Resumable
	}
	if r.Workbook {
		v.Process = e.workbook
	}
	for _, w := range r.Warnings[:min(len(r.Warnings), maxProblems)] {
		v.Warnings = append(v.Warnings, line(w, maxSentence))
	}
	if r.Reason != "" {
		v.Reason = line(r.Reason, maxSentence)
	}
	v.Problems, v.OtherProblems = mostFrequent(r.Problems)
	return v, nil
}

// mostFrequent returns the few problems to show, and how many kinds there are beside them.
func mostFrequent(problems []ProblemCount) (shown []problemLine, others int) {
	sorted := slices.Clone(problems)
	slices.SortStableFunc(sorted, func(a, b ProblemCount) int { return cmp.Compare(b.Count, a.Count) })
	for _, p := range sorted[:min(len(sorted), maxProblems)] {
		shown = append(shown, problemLine{line(p.Sentence, maxSentence), count(p.Count)})
	}
	return shown, len(sorted) - len(shown)
}

// Column returns n aligned to the right, as wide as the largest count of the mail.
func (v view) Column(n count) string {
	width := len(max(v.Total, v.Removed, v.Unified, v.Protected, v.Tagged).String())
	return fmt.Sprintf("%*s", width, n)
}

// Extra reports whether there is any of the counts that are shown only where there is something to count.
func (v view) Extra() bool { return v.Removed|v.Unified|v.Protected|v.Tagged != 0 }

// count is a number that is shown with thousands separators.
type count int64

// String returns the number as both languages write it: 1,234,567.
func (c count) String() string {
	s := strconv.FormatInt(int64(c), 10)
	first := 0
	if c < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// clock shows a time with the name of its zone: 2026/05/04 09:12:33 JST (Asia/Tokyo).
func clock(t time.Time, zone *time.Location, layout string) string {
	if t.IsZero() {
		return missing
	}
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	name, _ := t.Zone()
	s := t.Format(layout) + " " + name
	if zone.String() != name {
		s += " (" + zone.String() + ")"
	}
	return s
}

// pageLink returns the link in the form that is safe in text and HTML.
func pageLink(link string) (string, error) {
	if link == "" {
		return "", nil
	}
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("link %q is not the address of a page", link)
	}
	return u.String(), nil
}

// line returns s as one line of at most limit characters. What could start a line of its own, or show the text in
// another order than it is written in, becomes U+FFFD.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
	if s = strings.TrimSpace(s); s == "" {
		return missing
	}
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}

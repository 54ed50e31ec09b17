package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/meibo/meibo/internal/client"
	"github.com/meibo/meibo/internal/imports"
	"github.com/meibo/meibo/internal/tenant"
)

// progress shows how far an import is. Its methods are called one after another, but upload from another goroutine.
type progress interface {
	// upload tells how many bytes of the file are sent; size is -1 where it is not known.
	upload(sent, size int64)
	// uploaded tells that all are.
	uploaded(size int64)
	// inspected tells what the file is.
	inspected(client.Inspection)
	// expect tells about how many rows it has.
	expect(rows int64)
	// rows tells how far the rows are.
	rows(client.Import)
	// close ends the showing, and may be called again.
	close()
}

// newProgress returns bars where standard error is a terminal, and lines where it is not.
func newProgress(c *console) progress {
	if c.terminal {
		return &bars{console: c}
	}
	return &lines{console: c, started: time.Now()}
}

// stage says in which state an import is, and why it waits.
func (c *console) stage(i client.Import) string {
	switch i.State {
	case imports.StateCreated:
		return c.say("アップロード待ち", "created")
	case imports.StateUploaded:
		return c.say("アップロード済み", "uploaded")
	case imports.StateQueued:
		return c.say("順番待ち", "queued")
	case imports.StateRunning:
		if i.Stage == imports.StageFinishing {
			return fmt.Sprintf(c.say("仕上げ中（リードの統合 %s 件、ファイルにない会員の削除 %s 件）", "finishing (leads unified: %s, members removed: %s)"),
				number(i.Unified), number(i.Removed))
		}
		return c.say("取り込み中", "running")
	case imports.StatePaused:
		return c.say("一時停止中", "paused")
	case imports.StateCompleted:
		return c.say("完了", "completed")
	case imports.StateFailed:
		return c.say("エラー", "failed")
	case imports.StateCancelled:
		return c.say("キャンセル", "cancelled")
	case imports.StateUndoing:
		return c.say("元に戻しています", "undoing")
	case imports.StateUndone:
		return c.say("元に戻しました", "undone")
	}
	return string(i.State)
}

// describe says what was found out about a file.
func (c *console) describe(i client.Inspection) []string {
	text := i.Format
	for _, more := range []string{i.Encoding, i.Sheet} {
		if more != "" {
			text += ", " + printable(more)
		}
	}
	said := []string{c.say("ファイル：", "File: ") + text}
	var mapped, dropped []string
	for _, column := range i.SuggestedMapping {
		header := printable(column.Header)
		switch {
		case column.Field == "":
			dropped = append(dropped, header)
		case column.Inverted:
			mapped = append(mapped, header+" → "+column.Field+c.say("（反対の意味として）", " (inverted)"))
		default:
			mapped = append(mapped, header+" → "+column.Field)
		}
	}
	comma := c.say("、", ", ")
	if len(mapped) > 0 {
		said = append(said, c.say("列の割り当て：", "Columns: ")+strings.Join(mapped, comma))
	}
	if len(dropped) > 0 {
		said = append(said, c.say("取り込まない列：", "Columns that are not imported: ")+strings.Join(dropped, comma))
	}
	c.warned = make(map[string]bool, len(i.Warnings))
	for _, warning := range i.Warnings {
		c.warned[warning.Code] = true
		said = append(said, c.say("ご注意：", "Please note: ")+printable(warning.Detail))
	}
	return said
}

// expectedRows guesses how many rows a file of that size has. What the server says is a bound, far too high for the
// text of most files; its first rows tell more.
func expectedRows(i client.Inspection, size int64) int64 {
	var bytes int64
	for _, row := range i.SampleRows {
		for _, cell := range row {
			bytes += int64(len(cell)) + 1 // and what stands behind it
		}
	}
	if i.Format != "csv" || bytes == 0 {
		return i.MaxRows
	}
	return min(i.MaxRows, size*int64(len(i.SampleRows))/bytes)
}

// speed knows how many rows were done when, and tells the rate and the time that is left.
type speed struct {
	total   int64 // a guess, until the import has ended; 0 where nothing is known
	ended   bool
	start   time.Time
	at      int64 // rows done at start
	rate    float64
	current int64
}

func (s *speed) take(i client.Import, now time.Time) {
	s.current = i.Total - i.NotProcessed
	s.total = max(s.total, i.Total)
	if i.State.Final() {
		s.total, s.ended = i.Total, true
	}
	if i.State != imports.StateRunning {
		if i.State == imports.StatePaused { // the pause says nothing of the speed
			s.start, s.rate = time.Time{}, 0
		}
		return
	}
	if s.start.IsZero() {
		s.start, s.at = now, s.current
		return
	}
	if seconds := now.Sub(s.start).Seconds(); seconds > 0 {
		s.rate = float64(s.current-s.at) / seconds
	}
}

// left returns the time that the rest takes at this rate; ok is false where nobody can tell.
func (s *speed) left() (d time.Duration, ok bool) {
	if s.rate <= 0 || s.total == 0 {
		return 0, false
	}
	rest := float64(s.total-s.current) / s.rate
	return time.Duration(rest * float64(time.Second)).Round(time.Second), rest < 1e6
}

// duration is a time for people.
func (c *console) duration(d time.Duration) string {
	if c.language != tenant.Japanese {
		return d.String()
	}
	return strings.NewReplacer("ms", "ミリ秒", "h", "時間", "m", "分", "s", "秒").Replace(d.String())
}

// speedText is how far the rows are, the rate and the time left, for people.
func (c *console) speedText(s *speed) string {
	about := ""
	if !s.ended {
		about = c.say("約 ", "about ")
	}
	text := number(s.current) + " / " + about + number(s.total) + c.say(" 行", " rows")
	if s.rate <= 0 {
		return text
	}
	text += "  " + number(int64(s.rate)) + c.say(" 行/秒", " rows/s")
	if left, ok := s.left(); ok && left > 0 {
		text += c.say("  残り約", "  about ") + c.duration(left) + c.say("", " left")
	}
	return text
}

// lines are for logs: one at each stage, and one now and then.
type lines struct {
	console *console
	started time.Time

	mu    sync.Mutex
	told  time.Time
	state imports.State
	stage imports.Stage
	speed speed
}

// between is how often lines tell of what has only advanced.
const between = 5 * time.Second

func (l *lines) due(now time.Time) bool {
	if now.Sub(l.told) < between {
		return false
	}
	l.told = now
	return true
}

func (l *lines) upload(sent, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told.IsZero() {
		l.told = time.Now() // a short upload is told of once, at its end
	}
	if !l.due(time.Now()) {
		return
	}
	of := ""
	if size > 0 {
		of = fmt.Sprintf(" / %s (%d%%)", bytesText(size), 100*sent/size)
	}
	l.console.note("%s", l.console.say("アップロード中：", "Uploading: ")+bytesText(sent)+of)
}

func (l *lines) uploaded(size int64) {
	l.console.note("%s", l.console.say("アップロード完了：", "Uploaded: ")+bytesText(size))
}

func (l *lines) inspected(i client.Inspection) {
	for _, line := range l.console.describe(i) {
		l.console.note("%s", line)
	}
}

func (l *lines) expect(rows int64) { l.speed.total = rows }

func (l *lines) rows(i client.Import) {
	now := time.Now()
	l.speed.take(i, now)
	if !l.due(now) && i.State == l.state && (i.Stage == l.stage || i.Stage != imports.StageFinishing) {
		return
	}
	l.state, l.stage, l.told = i.State, i.Stage, now
	text := l.console.stage(i)
	if l.speed.current > 0 && i.Stage != imports.StageFinishing {
		text += l.console.say("：", ": ") + l.console.speedText(&l.speed)
	}
	l.console.note("%s", text)
}

func (l *lines) close() {}

// bars are for terminals.
type bars struct {
	console *console
	group   *mpb.Progress
	bytes   *mpb.Bar
	merged  *mpb.Bar

	mu    sync.Mutex // the bars are drawn from another goroutine
	state client.Import
	speed speed
}

// add makes a bar with a name and what stands after it.
func (b *bars) add(total int64, name string, after ...decor.Decorator) *mpb.Bar {
	if b.group == nil {
		b.group = mpb.New(mpb.WithOutput(b.console.err), mpb.WithWidth(48), mpb.WithAutoRefresh())
	}
	pad := decor.WC{C: decor.DSyncSpaceR}
	return b.group.New(total, mpb.BarStyle().Lbound("").Filler("█").Tip("█").Padding("░").Rbound(""),
		mpb.PrependDecorators(decor.Name(name, pad)), mpb.AppendDecorators(after...))
}

func (b *bars) upload(sent, size int64) {
	if b.bytes == nil {
		b.bytes = b.add(max(size, 0), b.console.say("アップロード", "Upload"),
			decor.CountersKibiByte("%.1f / %.1f"), decor.AverageSpeed(decor.SizeB1024(0), "  %.1f"))
	}
	if size < 0 {
		b.bytes.SetTotal(sent, false)
	}
	b.bytes.SetCurrent(sent)
}

func (b *bars) uploaded(size int64) {
	b.upload(size, size)
	b.bytes.SetTotal(size, true)
}

func (b *bars) inspected(i client.Inspection) {
	b.close()
	for _, line := range b.console.describe(i) {
		b.console.note("%s", line)
	}
}

func (b *bars) expect(rows int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.speed.total = rows
}

func (b *bars) rows(i client.Import) {
	b.mu.Lock()
	b.state = i
	b.speed.take(i, time.Now())
	current, total := b.speed.current, b.speed.total
	b.mu.Unlock()
	if b.merged == nil {
		b.merged = b.add(0, b.console.say("取り込み", "Import"), decor.Any(b.after))
	}
	b.merged.SetTotal(total, false)
	b.merged.SetCurrent(current)
}

// after is what stands behind the bar of the rows.
func (b *bars) after(decor.Statistics) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.speed.current == 0 || b.state.Stage == imports.StageFinishing || b.state.State == imports.StatePaused {
		return b.console.stage(b.state)
	}
	return b.console.speedText(&b.speed)
}

func (b *bars) close() {
	if b.group == nil {
		return
	}
	for _, bar := range []*mpb.Bar{b.bytes, b.merged} {
		if bar != nil && !bar.Completed() {
			bar.Abort(false)
		}
	}
	b.group.Wait()
	b.group, b.bytes, b.merged = nil, nil, nil
}

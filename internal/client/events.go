package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// event is one server-sent event.
type event struct {
	name string
	data []byte
}

// maxEvent bounds one line of a stream of events, and the data of one event, in bytes.
const maxEvent = 1 << 20

// errEventTooLarge says that a stream holds more than any event of ours.
var errEventTooLarge = errors.New("the event is too large")

// readEvents calls alive after each line and handle with each event, as the section "Server-sent events" of the HTML
// standard reads a stream. It returns nil at the end of the stream, or when handle returns [io.EOF]; otherwise the first
// error of either. An event that the stream's end has cut off is dropped.
func readEvents(r io.Reader, alive func(), handle func(event) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxEvent)
	lines.Split(splitLines())
	e := event{name: "message"}
	first, filled := true, false
	for lines.Scan() {
		alive()
		line := lines.Bytes()
		if first {
			line, first = bytes.TrimPrefix(line, []byte("\ufeff")), false
		}
		if len(line) > 0 {
			filled = e.add(line) || filled
			if len(e.data) > maxEvent {
				return errEventTooLarge
			}
			continue
		}
		if filled {
			e.data = bytes.TrimSuffix(e.data, []byte("\n"))
			if err := handle(e); err != nil {
				return unlessEOF(err)
			}
		}
		e, filled = event{name: "message"}, false
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return nil
}

// add takes one line of an event; it reports whether that was data.
func (e *event) add(line []byte) bool {
	field, value, _ := bytes.Cut(line, []byte(":")) // a comment has an empty field
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(field) {
	case "event":
		e.name = string(value)
	case "data":
		e.data = append(append(e.data, value...), '\n')
		return true
	}
	return false
}

func unlessEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// splitLines splits at CRLF, LF and CR. A line is told at once when its CR arrives; an LF after that is swallowed.
func splitLines() bufio.SplitFunc {
	afterCR := false
	return func(data []byte, atEOF bool) (int, []byte, error) {
		skip := 0
		if afterCR && len(data) > 0 {
			afterCR = false
			if data[0] == '\n' {
				skip = 1
			}
		}
		rest := data[skip:]
		if end := bytes.IndexAny(rest, "\r\n"); end >= 0 {
			afterCR = rest[end] == '\r'
			return skip + end + 1, rest[:end:end], nil
		}
		if atEOF && len(rest) > 0 {
			return len(data), rest, nil
		}
		if skip > 0 {
			return skip, nil, nil
		}
		return 0, nil, nil
	}
}

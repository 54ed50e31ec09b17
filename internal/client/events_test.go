package client

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func collect(r io.Reader) ([]string, error) {
	var got []string
	err := readEvents(r, func() {}, func(e event) error {
		got = append(got, e.name+"="+string(e.data))
		return nil
	})
	return got, err
}

func TestReadEventsAsTheStandardSays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, stream string
		want         []string
	}{
		{"nothing", "", nil},
		{"one", "event: import\ndata: {}\n\n", []string{"import={}"}},
		{"without a name", "data: a\n\n", []string{"message=a"}},
		{"name does not stay", "event: import\ndata: a\n\ndata: b\n\n", []string{"import=a", "message=b"}},
		{"several lines", "data: a\ndata:b\ndata\ndata:  c\n\n", []string{"message=a\nb\n\n c"}},
		{"comments", ": heartbeat\n\n:\n\ndata: a\n: more\n\n", []string{"message=a"}},
		{"no data is no event", "event: import\n\nid: 1\nretry: 5\n\n", nil},
		{"empty data is one", "data:\n\n", []string{"message="}},
		{"CRLF", "event: import\r\ndata: a\r\n\r\ndata: b\r\n\r\n", []string{"import=a", "message=b"}},
		{"CR", "event: import\rdata: a\r\rdata: b\r\r", []string{"import=a", "message=b"}},
		{"byte order mark", "\ufeffdata: a\n\n", []string{"message=a"}},
		{"cut off", "data: a\n\ndata: b\n", []string{"message=a"}},
		{"unknown fields", "foo: 1\ndata: a\n\n", []string{"message=a"}},
	} {
		for kind, reader := range map[string]io.Reader{
			"": strings.NewReader(test.stream), " by bytes": iotest.OneByteReader(strings.NewReader(test.stream)),
		} {
			if got, err := collect(reader); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%s%s: got %q, %v, want %q", test.name, kind, got, err, test.want)
			}
		}
	}
}

func TestEventOfAnySizeIsNotReadIntoMemory(t *testing.T) {
	t.Parallel()
	if _, err := collect(io.MultiReader(strings.NewReader("data: "), zeros{})); err == nil {
		t.Error("an endless line is read")
	}
	if _, err := collect(strings.NewReader(strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 2000))); err == nil {
		t.Error("an event of two megabytes is read")
	}
}

func FuzzReadEvents(f *testing.F) {
	f.Add([]byte("event: import\ndata: {}\n\n"))
	f.Add([]byte("data: a\r\rdata:b\r\n\r\n:\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole, err := collect(bytes.NewReader(stream))
		pieces, err2 := collect(iotest.OneByteReader(bytes.NewReader(stream)))
		if !slices.Equal(whole, pieces) || (err == nil) != (err2 == nil) {
			t.Errorf("got %q, %v at once, %q, %v byte by byte", whole, err, pieces, err2)
		}
	})
}

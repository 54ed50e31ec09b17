package inspect

import (
	"errors"
	"fmt"
	"slices"

	"github.com/meibo/meibo/internal/member"
	"github.com/meibo/meibo/internal/sheet"
)

// certain is the confidence from which an encoding needs no look by a person.
const certain = 0.9

// encodings shows how the text of a CSV reads in each encoding that it could be in, the one that is taken among them.
func (l *look) encodings() error {
	if l.book != nil {
		return nil
	}
	could, taken := slices.Clone(l.detected.Encodings), l.options.Encoding
	text := false
	if !slices.ContainsFunc(could, func(c sheet.Candidate) bool { return c.Encoding == taken }) {
		could = append([]sheet.Candidate{{Encoding: taken}}, could...)
	}
	for _, c := range could[:min(len(could), candidates)] {
		samples, err := l.texts(c.Encoding)
		if err != nil {
			return err
		}
		l.found.Encodings = append(l.found.Encodings, EncodingCandidate{string(c.Encoding), c.Confidence, samples})
		if c.Encoding == taken {
			l.found.EncodingConfidence = c.Confidence
		}
		text = text || len(samples) > 0
	}
	if l.found.EncodingConfidence < certain && l.said.Encoding == "" && (len(could) > 1 || taken != sheet.UTF8) && text {
		l.warnOf(member.EncodingUncertain, "", string(taken))
	}
	return nil
}

// texts returns the first cells with text beyond ASCII as they read in an encoding: not too many of one row, so that
// there are others than those of the header.
func (l *look) texts(e sheet.Encoding) (samples []string, err error) {
	samples = []string{}
	body, err := l.file.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	o := l.options
	o.Encoding = e
	read, seen := 0, make(map[string]bool, textSamples)
	for row, err := range sheet.OpenCSV(body, o).Rows() {
		if err != nil {
			return nil, fmt.Errorf("inspect text: %w", err)
		}
		most := min(textSamples, len(samples)+rowSamples)
		for _, cell := range row.Cells {
			read += len(cell) + 1
			// Most files repeat their cells: looking them up makes no copy of them.
			if len(samples) < most && beyondASCII(cell) && !seen[string(cell)] {
				seen[string(cell)] = true
				samples = append(samples, clip(string(cell)))
			}
		}
		if len(samples) == textSamples || read > scanBytes {
			break
		}
	}
	return samples, nil
}

func beyondASCII(cell []byte) bool {
	return slices.ContainsFunc(cell, func(b byte) bool { return b >= 0x80 })
}

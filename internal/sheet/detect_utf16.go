package sheet

// detectUTF16 returns the UTF-16 that a text without byte order mark is in, and how sure that is; or "".
//
// Such text has zeros, as the high bytes of line ends, delimiters and digits, however Japanese the rest of it is; and
// its other code units are of blocks that Japanese text is made of. Text in another encoding that has stray zeros makes
// nonsense of its line ends, and of two letters each a character.
func detectUTF16(head []byte) (Encoding, float64) {
	if len(head) < 2 {
		return "", 0
	}
	little, big := countUnits(head, 0), countUnits(head, 1)
	e, best := UTF16LE, little
	if big.score() > little.score() {
		e, best = UTF16BE, big
	}
	if !best.plausible() {
		return "", 0
	}
	return e, float64(best.ascii+best.japanese+best.other) / float64(best.all)
}

// units counts the code units of a text by what they are.
type units struct {
	all      int
	ascii    int // letters, digits, signs, blanks and line ends
	japanese int
	other    int // of other writing
	bad      int
	pairs    int // those but kana whose two bytes are ASCII
	lines    int // line ends
	broken   int // bytes that would be line ends in other encodings and are none here
}

func countUnits(b []byte, low int) (c units) {
	text := func(b byte) bool { return b >= ' ' && b < 0x7F || b == '\n' || b == '\r' || b == '\t' }
	for ; len(b) > 1; b = b[2:] {
		l, h := b[low], b[1-low]
		c.all++
		u := uint16(h)<<8 | uint16(l)
		switch {
		case u < 0x80 && text(l):
			c.ascii++
		case u == 0x2020: // rather two blanks than a dagger
			c.bad++
		case 0x3000 <= u && u <= 0x30FF, 0x4E00 <= u && u <= 0x9FFF, 0xFF00 <= u && u <= 0xFFEF:
			c.japanese++
		case 0xA0 <= u && u < 0x0530, 0x2010 <= u && u <= 0x2BFF, 0x3200 <= u && u <= 0x4DBF, 0xAC00 <= u && u <= 0xDFFF, u == 0xFEFF:
			c.other++
		default:
			c.bad++
		}
		if text(l) && text(h) && u>>8 != 0x30 {
			c.pairs++
		}
		if u == '\n' || u == '\r' {
			c.lines++
		} else if l == '\n' || l == '\r' || h == '\n' || h == '\r' {
			c.broken++
		}
	}
	return c
}

func (c units) score() int { return 3*c.ascii + c.japanese - 3*c.bad + 8*c.lines }

func (c units) plausible() bool {
	return c.ascii > 0 && c.bad*10 <= c.all && c.other*2 <= c.all && c.lines >= c.broken && (c.lines > 0 || c.pairs*2 <= c.all)
}

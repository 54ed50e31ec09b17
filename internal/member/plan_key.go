package member

// CellKey returns the normalised merge key of a cell. ok is false for a cell that is no key: it is empty, cannot be
// parsed, or says ##DELETE##. The row of such a cell fails, and is no duplicate of any other.
func (p *Plan) CellKey(cell string) (key string, ok bool) {
	if isClearMark(cell) {
		return "", false
	}
	f := p.KeyField()
	v, _, problem := f.Parse(cell, p.locale)
	if problem != nil || !v.Set {
		return "", false
	}
	return KeyOf(f, v), true
}

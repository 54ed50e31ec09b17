package sheet

import "encoding/binary"

// decodeUTF16 decodes UTF-16 (RFC 2781) whose low bytes are at low, 0 or 1, of each pair. A surrogate without its other
// half, and an odd byte at the end, are bad.
func decodeUTF16(low int) decode {
	var (
		high = 1 - low
		// What four code units of ASCII have no bits of.
		beyond = uint64(0xFF80FF80FF80FF80)
		shift  = 8 * low
	)
	if low == 1 {
		beyond = 0x80FF80FF80FF80FF
	}
	unit := func(b []byte) uint32 { return uint32(b[low]) | uint32(b[high])<<8 }
	return func(dst, src []byte, last bool) (n, i int) {
		for len(dst)-n >= minDecode && i+2 <= len(src) {
			if i+8 <= len(src) {
				if x := binary.LittleEndian.Uint64(src[i:]); x&beyond == 0 {
					x >>= shift
					dst[n], dst[n+1], dst[n+2], dst[n+3] = byte(x), byte(x>>16), byte(x>>32), byte(x>>48)
					n, i = n+4, i+8
					continue
				}
			}
			u := unit(src[i:])
			switch {
			case u < 0x80:
				dst[n] = byte(u)
				n++
			case u>>10 != 0xD800>>10:
				// Half of a pair without the first comes out as badUnit.
				n += put(dst[n:], u)
			case i+4 > len(src) && !last:
				return n, i
			case i+4 <= len(src) && unit(src[i+2:])>>10 == 0xDC00>>10:
				r := 0x10000 + (u-0xD800)<<10 + unit(src[i+2:]) - 0xDC00
				dst[n], dst[n+1], dst[n+2], dst[n+3] = 0xF0|byte(r>>18), 0x80|byte(r>>12&0x3F), 0x80|byte(r>>6&0x3F), 0x80|byte(r&0x3F)
				n, i = n+4, i+2
			default:
				n += put(dst[n:], u)
			}
			i += 2
		}
		if last && i+1 == len(src) && len(dst)-n >= minDecode {
			n += putBadByte(dst[n:], src[i])
			i++
		}
		return n, i
	}
}

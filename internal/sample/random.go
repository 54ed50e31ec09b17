package sample

import "math/bits"

// random is a stream of numbers by SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
// 2014): a row's stream starts anywhere, at the cost of one addition.
type random struct{ state uint64 }

const golden = 0x9e3779b97f4a7c15

func (r *random) next() uint64 {
	r.state += golden
	return mix(r.state)
}

// mix is the finaliser of SplitMix64: a permutation of the numbers that leaves no trace of their order.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n-1.
func (r *random) below(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// chance is true in the given share of cases, from 0 to 1.
func (r *random) chance(share float64) bool {
	return float64(r.next()>>11) < share*(1<<53)
}

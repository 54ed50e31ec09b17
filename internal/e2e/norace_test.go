//go:build !race

package e2e

// raced tells that the race detector is off.
const raced = false

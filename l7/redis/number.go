package redis

import "github.com/wirespan/wirespan/l7/ids"

// Outcomes of reading a piece of the input.
type outcome uint8

const (
	more outcome = iota // the bytes end within it
	good
	bad
)

// maxNumber bounds lengths and counts: more than any server takes.
const maxNumber = 1 << 32

// number reads a decimal number, negative or not, and its CRLF at b[at:]. next is the
// place behind them.
func number(b []byte, at int) (n int64, next int, o outcome) {
	i, minus := at, false
	if i < len(b) && b[i] == '-' {
		minus = true
		i++
	}
	digits := i
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			break
		}
		if n = n*10 + int64(c); n > maxNumber {
			return 0, 0, bad
		}
	}
	if i == len(b) {
		return 0, 0, more
	}
	if i == digits || b[i] != '\r' {
		return 0, 0, bad
	}
	if i+1 == len(b) {
		return 0, 0, more
	}
	if b[i+1] != '\n' {
		return 0, 0, bad
	}
	if minus {
		n = -n
	}
	return n, i + 2, good
}

// digestBytes of a message and its length make its digest.
const digestBytes = 256

// digest names a message of size bytes, of which b has the first ones.
func digest(b []byte, size int64) uint64 {
	return ids.DigestBody(b[:min(int64(len(b)), size, digestBytes)], size)
}

// appendHex adds 16 hexadecimal digits.
func appendHex(b []byte, n uint64) []byte {
	for i := 60; i >= 0; i -= 4 {
		b = append(b, "0123456789abcdef"[n>>i&15])
	}
	return b
}

package redis

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

// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): of keys and
// messages, to find the same ones at the other side of a queue.
const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

func hash(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// digestBytes of a message and its length make its digest.
const digestBytes = 256

// digest names a message of size bytes, of which b has the first ones.
func digest(b []byte, size int64) uint64 {
	h := hash(fnvOffset, b[:min(int64(len(b)), size, digestBytes)])
	for ; size > 0; size >>= 8 {
		h = (h ^ uint64(size&0xff)) * fnvPrime
	}
	return h
}

// appendHex adds 16 hexadecimal digits.
func appendHex(b []byte, n uint64) []byte {
	for i := 60; i >= 0; i -= 4 {
		b = append(b, "0123456789abcdef"[n>>i&15])
	}
	return b
}

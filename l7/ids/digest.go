package ids

import "strconv"

// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/).
const (
	digestBegin = 14695981039346656037
	digestPrime = 1099511628211
)

// Digest is FNV-1a of what names a message or a place, 64 bits: equal on both
// sides of a queue and at every agent.
func Digest(b []byte) uint64 { return DigestMore(digestBegin, b) }

// DigestMore continues a digest with b.
func DigestMore(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * digestPrime
	}
	return h
}

// DigestBody is the digest of a body of size bytes, of which b has the first
// ones: as many on both sides, so that a parser says how many it takes.
func DigestBody(b []byte, size int64) uint64 {
	h := Digest(b)
	for ; size > 0; size >>= 8 {
		h = (h ^ uint64(byte(size))) * digestPrime
	}
	return h
}

// AppendPair appends two digests, a place and what is expected there, as text of
// an ID of class l7.IDMessage.
func AppendPair(b []byte, place, what uint64) []byte {
	b = strconv.AppendUint(b, place, 16)
	return strconv.AppendUint(append(b, '/'), what, 16)
}

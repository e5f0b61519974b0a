package tls

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"hash"
)

const masterSize = 48

// prf is the pseudorandom function of TLS up to 1.2 (RFC 5246, section 5; RFC
// 2246, section 5).
func prf(version int, s *suite, secret []byte, label string, seed []byte, n int) []byte {
	seed = append([]byte(label), seed...)
	if version >= tls12 {
		return expand(s.prf.New, secret, seed, n)
	}
	half := (len(secret) + 1) / 2
	out := expand(md5.New, secret[:half], seed, n)
	for i, c := range expand(sha1.New, secret[len(secret)-half:], seed, n) {
		out[i] ^= c
	}
	return out
}

// expand is P_hash.
func expand(h func() hash.Hash, secret, seed []byte, n int) []byte {
	mac := hmac.New(h, secret)
	var out []byte
	a := seed
	for len(out) < n {
		mac.Reset()
		mac.Write(a)
		a = mac.Sum(nil)
		mac.Reset()
		mac.Write(a)
		mac.Write(seed)
		out = mac.Sum(out)
	}
	return out[:n]
}

// expandLabel is HKDF-Expand-Label without context (RFC 8446, section 7.1).
func expandLabel(s *suite, secret []byte, label string, n int) []byte {
	name := "tls13 " + label
	info := append([]byte{byte(n >> 8), byte(n), byte(len(name))}, name...)
	out, err := hkdf.Expand(s.prf.New, secret, string(append(info, 0)), n)
	if err != nil {
		return nil
	}
	return out
}

// oldHash is the hash of TLS before 1.2: MD5 and SHA-1, one behind the other.
func oldHash(b []byte) []byte {
	m, s := md5.Sum(b), sha1.Sum(b)
	return append(m[:], s[:]...)
}

package tls

import (
	"crypto"
	_ "crypto/sha1" // hashes that crypto.Hash makes
	_ "crypto/sha256"
	_ "crypto/sha512"
	"strings"
)

// method is how a suite enciphers.
type method uint8

const (
	unsupported method = iota
	gcm
	chacha
	cbc
)

// suite is what a cipher suite says about records.
type suite struct {
	method method
	des    bool // Triple DES instead of AES
	key    int  // bytes
	iv     int  // bytes taken from the key block
	mac    crypto.Hash
	prf    crypto.Hash // of the key schedule, from TLS 1.2 on
}

// suiteOf reads the name of a suite, which is made of its parts (RFC 5246,
// appendix A.5).
func suiteOf(id uint16, version int) (s suite) {
	name := suiteName(id)
	_, kind, ok := strings.Cut(name, "_WITH_")
	if version == tls13 {
		kind, ok = strings.CutPrefix(name, "TLS_")
	}
	if !ok {
		return s
	}
	s.prf = crypto.SHA256
	kind, hash := kind[:strings.LastIndexByte(kind, '_')], kind[strings.LastIndexByte(kind, '_')+1:]
	switch hash {
	case "SHA":
		s.mac = crypto.SHA1
	case "SHA256":
		s.mac = crypto.SHA256
	case "SHA384":
		s.mac, s.prf = crypto.SHA384, crypto.SHA384
	default:
		return suite{}
	}
	switch kind {
	case "AES_128_GCM":
		s.method, s.key, s.iv, s.mac = gcm, 16, 4, 0
	case "AES_256_GCM":
		s.method, s.key, s.iv, s.mac = gcm, 32, 4, 0
	case "CHACHA20_POLY1305":
		s.method, s.key, s.iv, s.mac = chacha, 32, 12, 0
	case "AES_128_CBC":
		s.method, s.key, s.iv = cbc, 16, 16
	case "AES_256_CBC":
		s.method, s.key, s.iv = cbc, 32, 16
	case "3DES_EDE_CBC":
		s.method, s.key, s.iv, s.des = cbc, 24, 8, true
	default:
		return suite{}
	}
	return s
}

// macSize is the length of the MAC of a CBC suite.
func (s *suite) macSize() int {
	if s.mac == 0 {
		return 0
	}
	return s.mac.Size()
}

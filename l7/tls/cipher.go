package tls

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"encoding/binary"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// opener deciphers the records of a direction. dst has room for the fragment,
// and must not overlap it.
type opener interface {
	open(dst []byte, seq uint64, head, fragment []byte) (plain []byte, ok bool)
}

// newAEAD makes the cipher of a suite; nil if the key does not fit.
func newAEAD(s *suite, key []byte) cipher.AEAD {
	if s.method == chacha {
		a, err := chacha20poly1305.New(key)
		if err != nil {
			return nil
		}
		return a
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	a, err := cipher.NewGCM(b)
	if err != nil {
		return nil
	}
	return a
}

// sealed13 is RFC 8446, section 5.2.
type sealed13 struct {
	aead  cipher.AEAD
	iv    [12]byte
	nonce [12]byte
}

func (c *sealed13) open(dst []byte, seq uint64, head, fragment []byte) ([]byte, bool) {
	c.nonce = c.iv
	xorSeq(&c.nonce, seq)
	plain, err := c.aead.Open(dst, c.nonce[:], fragment, head)
	return plain, err == nil
}

func xorSeq(nonce *[12]byte, seq uint64) {
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^seq)
}

// sealed12 is RFC 5288, section 3 (AES-GCM), and RFC 7905, section 2 (ChaCha20).
type sealed12 struct {
	aead     cipher.AEAD
	explicit bool // half the nonce is in the record
	iv       [12]byte
	nonce    [12]byte
	data     [13]byte
}

func (c *sealed12) open(dst []byte, seq uint64, head, fragment []byte) ([]byte, bool) {
	c.nonce = c.iv
	if c.explicit {
		if len(fragment) < 8 {
			return nil, false
		}
		copy(c.nonce[4:], fragment)
		fragment = fragment[8:]
	} else {
		xorSeq(&c.nonce, seq)
	}
	n := len(fragment) - c.aead.Overhead()
	if n < 0 {
		return nil, false
	}
	plain, err := c.aead.Open(dst, c.nonce[:], fragment, pseudo(&c.data, seq, head, n))
	return plain, err == nil
}

// pseudo is what is authenticated beside the fragment: sequence number, type,
// version and length (RFC 5246, section 6.2.3.3).
func pseudo(b *[13]byte, seq uint64, head []byte, n int) []byte {
	binary.BigEndian.PutUint64(b[:], seq)
	copy(b[8:], head[:3])
	binary.BigEndian.PutUint16(b[11:], uint16(n))
	return b[:]
}

// chained is RFC 5246, section 6.2.3.2, and RFC 7366 where the MAC is over the
// ciphertext. The MAC is verified: it is how a wrong key shows.
type chained struct {
	block    cipher.Block
	mac      hash.Hash
	then     bool   // encrypt, then MAC
	iv       []byte // of the next record, where it is the end of the one before (TLS 1.0)
	implicit bool
	data     [13]byte
	sum      [64]byte
}

func newBlock(s *suite, key []byte) cipher.Block {
	if s.des {
		b, err := des.NewTripleDESCipher(key)
		if err != nil {
			return nil
		}
		return b
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	return b
}

func newMAC(h crypto.Hash, key []byte) hash.Hash { return hmac.New(h.New, key) }

func (c *chained) open(dst []byte, seq uint64, head, fragment []byte) ([]byte, bool) {
	size, macSize := c.block.BlockSize(), c.mac.Size()
	all := fragment
	if c.then {
		if len(fragment) < macSize+size {
			return nil, false
		}
		fragment = fragment[:len(fragment)-macSize]
	}
	iv, text := c.iv, fragment
	if !c.implicit {
		if len(fragment) < size {
			return nil, false
		}
		iv, text = fragment[:size], fragment[size:]
	}
	if len(text) == 0 || len(text)%size != 0 {
		return nil, false
	}
	if c.then && !c.verify(seq, head, fragment, all[len(fragment):]) {
		return nil, false
	}
	plain := dst[:len(text)]
	cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(plain, text)
	plain, ok := unpad(plain, c.then, macSize)
	if !ok {
		return nil, false
	}
	if !c.then {
		n := len(plain) - macSize
		if !c.verify(seq, head, plain[:n], plain[n:]) {
			return nil, false
		}
		plain = plain[:n]
	}
	if c.implicit {
		c.iv = append(c.iv[:0], text[len(text)-size:]...)
	}
	return plain, true
}

// unpad takes the padding off, whose last byte is its length less one.
func unpad(b []byte, then bool, macSize int) ([]byte, bool) {
	pad := int(b[len(b)-1]) + 1
	if then {
		macSize = 0 // it was taken off before
	}
	if pad+macSize > len(b) {
		return nil, false
	}
	for _, c := range b[len(b)-pad:] {
		if int(c) != pad-1 {
			return nil, false
		}
	}
	return b[:len(b)-pad], true
}

func (c *chained) verify(seq uint64, head, text, sum []byte) bool {
	c.mac.Reset()
	c.mac.Write(pseudo(&c.data, seq, head, len(text)))
	c.mac.Write(text)
	return hmac.Equal(c.mac.Sum(c.sum[:0]), sum)
}

package tls

import "github.com/wirespan/wirespan/l7"

// level is which secrets of TLS 1.3 protect a direction (RFC 8446, section 7.1);
// before, there is only the last.
type level uint8

const (
	earlyLevel level = iota
	handshakeLevel
	dataLevel
)

// Bounds of what is tried.
const (
	maxTries = 32 // records that ask for a secret that is not known yet
	maxFails = 4  // records in a row that cannot be deciphered
	maxAhead = 64 // records that may be missing in a gap
)

// keys is what a parser with a key source keeps of a connection.
type keys struct {
	source l7.KeySource
	stream [2]stream
	suite  suite
	random [32]byte
	server [32]byte
	master []byte // TLS 1.2 and before
	log    []byte // handshake messages up to ClientKeyExchange, where a private key may need them
	blind  bool   // given up
	then   bool   // encrypt, then MAC
	ext    bool   // extended master secret
}

// stream is a direction that is deciphered.
type stream struct {
	c      opener
	level  level
	secret []byte // TLS 1.3, for key updates
	seq    uint64
	tries  int
	fails  int
	good   bool // something was deciphered

	waits  int   // length of the record that is awaited as a whole
	left   int   // bytes of a record that had a gap
	broken bool  // the boundary was lost
	end    int64 // place behind the last record whose number is known
	lost   int64 // plaintext bytes lost before the next piece
}

// greet keeps what keys are found by.
func (p *parser) greet(h *clientHello) {
	if p.k != nil {
		copy(p.k.random[:], h.random)
	}
}

// answer takes what the server chose.
func (p *parser) answer(h *serverHello) {
	k := p.k
	if k == nil {
		return
	}
	copy(k.server[:], h.random)
	k.suite = suiteOf(h.suite, h.version)
	k.then, k.ext = h.encryptMAC, h.master
	k.blind = k.suite.method == unsupported || h.compressed || h.version < tls10
	if c := &k.stream[l7.ToServer]; h.version == tls13 && c.c == nil {
		c.level = handshakeLevel
	}
	k.stream[l7.ToClient].level = handshakeLevel
}

// seal begins the numbering of a direction at its ChangeCipherSpec.
func (p *parser) seal(dir l7.Dir) {
	if p.k != nil && p.version != tls13 && p.version != 0 {
		p.k.stream[dir] = stream{level: dataLevel}
	}
}

// opens reports whether a record can be deciphered. One that cannot counts all
// the same: keys may become known later.
func (p *parser) opens(dir l7.Dir, r record) bool {
	k := p.k
	if k == nil || k.blind {
		return false
	}
	switch {
	case p.version == tls13:
		if r.kind != typeData || p.stage < answered {
			return false
		}
	case p.version == 0:
		if r.kind != typeData || !p.early || p.stage != greeted || dir == l7.ToClient {
			return false
		}
	case !p.half[dir].sealed || r.kind == typeCipherSpec || p.stage < answered:
		return false
	}
	s := &k.stream[dir]
	if s.c != nil {
		return true
	}
	if s.tries++; s.tries > maxTries {
		return false
	}
	if p.derive(dir) {
		return true
	}
	if p.version != tls13 {
		s.seq++
	}
	return false
}

// derive makes the opener of a direction if its secret is known.
func (p *parser) derive(dir l7.Dir) bool {
	switch {
	case p.version == 0:
		return p.k.derive13(dir, earlyLevel)
	case p.version == tls13:
		return p.k.derive13(dir, p.k.stream[dir].level) || p.k.derive13(dir, dataLevel)
	}
	return p.k.derive12(p, dir)
}

// derive13 installs a secret of TLS 1.3. The suite of early data is that of an
// earlier connection: the size of the secret tells the hash, AES is likelier.
func (k *keys) derive13(dir l7.Dir, at level) bool {
	secret := k.source.Secret(label(dir, at), k.random[:])
	if at == earlyLevel && k.suite.method == unsupported {
		switch len(secret) {
		case 32:
			k.suite = suiteOf(0x1301, tls13)
		case 48:
			k.suite = suiteOf(0x1302, tls13)
		}
	}
	return k.install(dir, at, secret)
}

// install begins a level with the record number 0.
func (k *keys) install(dir l7.Dir, at level, secret []byte) bool {
	if k.suite.method == unsupported || len(secret) != k.suite.prf.Size() {
		return false
	}
	c := &sealed13{aead: newAEAD(&k.suite, expandLabel(&k.suite, secret, "key", k.suite.key))}
	if c.aead == nil {
		return false
	}
	copy(c.iv[:], expandLabel(&k.suite, secret, "iv", len(c.iv)))
	s := &k.stream[dir]
	s.c, s.level, s.secret, s.seq, s.good = c, at, secret, 0, false
	return true
}

// label is the name of a secret in a key log.
func label(dir l7.Dir, at level) string {
	switch {
	case at == earlyLevel:
		return "CLIENT_EARLY_TRAFFIC_SECRET"
	case at == handshakeLevel && dir == l7.ToServer:
		return "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	case at == handshakeLevel:
		return "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	case dir == l7.ToServer:
		return "CLIENT_TRAFFIC_SECRET_0"
	}
	return "SERVER_TRAFFIC_SECRET_0"
}

// update is what a KeyUpdate does to its direction (RFC 8446, section 7.2).
func (k *keys) update(dir l7.Dir) {
	s := &k.stream[dir]
	k.install(dir, dataLevel, expandLabel(&k.suite, s.secret, "traffic upd", len(s.secret)))
}

// derive12 cuts the key block (RFC 5246, section 6.3).
func (k *keys) derive12(p *parser, dir l7.Dir) bool {
	if k.master == nil {
		if k.master = k.source.Secret("CLIENT_RANDOM", k.random[:]); len(k.master) != masterSize {
			k.master = nil
			return false
		}
	}
	s := &k.suite
	mac, iv := s.macSize(), s.iv
	if s.method == cbc && p.version != tls10 {
		iv = 0
	}
	seed := append(append([]byte(nil), k.server[:]...), k.random[:]...)
	block := reader{b: prf(p.version, s, k.master, "key expansion", seed, 2*(mac+s.key+iv))}
	var macs, cut, ivs [2][]byte
	for _, part := range []struct {
		to *[2][]byte
		n  int
	}{{&macs, mac}, {&cut, s.key}, {&ivs, iv}} {
		part.to[l7.ToServer], part.to[l7.ToClient] = block.next(part.n), block.next(part.n)
	}
	st := &k.stream[dir]
	if s.method != cbc {
		c := &sealed12{aead: newAEAD(s, cut[dir]), explicit: s.method == gcm}
		copy(c.iv[:], ivs[dir])
		if c.aead != nil {
			st.c = c
		}
		return st.c != nil
	}
	c := &chained{block: newBlock(s, cut[dir]), mac: newMAC(s.mac, macs[dir]), then: k.then, implicit: iv > 0, iv: ivs[dir]}
	if c.block == nil || c.implicit && st.seq > 0 {
		return false // the block before the record was not kept
	}
	st.c = c
	return true
}
